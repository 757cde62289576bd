// What the browser keeps for us, per server and inbox. What the browser won't keep lives in memory for the page's life.

export interface Keep {
  get(name: string): string | null;
  set(name: string, value: string): void;
  remove(name: string): void;
  names(): string[];
  clear(): void;
}

/** Browser storage under a prefix, so that nothing of the page's own is read or removed; memory alone without a prefix. */
export function keep(prefix: string | null): Keep {
  const memory = new Map<string, string>();
  const area = prefix === null ? null : browserStorage();
  const self: Keep = {
    get: (name) => memory.get(name) ?? area?.getItem(prefix + name) ?? null,
    set(name, value) {
      memory.set(name, value);
      try {
        area?.setItem(prefix + name, value);
        if (area) memory.delete(name);
      } catch {
        // Full: the memory has to do.
      }
    },
    remove(name) {
      memory.delete(name);
      area?.removeItem(prefix + name);
    },
    names() {
      const start = String(prefix);
      const stored = Object.keys(area ?? {}).filter((key) => key.startsWith(start));
      return [...memory.keys(), ...stored.map((key) => key.slice(start.length))];
    },
    clear: () => self.names().forEach(self.remove),
  };
  return self;
}

function browserStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** The visitor as this browser remembers them. */
export interface Memo {
  readonly token: string | null;
  readonly conversation: string | null;
  /** Highest seq the visitor has seen of `conversation`. */
  readonly seen: number;
  /** The site's user id the token was made for. */
  readonly user: string | null;
}

export const BLANK: Memo = { token: null, conversation: null, seen: 0, user: null };
const MEMO = "memo";

export function readMemo(store: Keep): Memo {
  try {
    const value = JSON.parse(store.get(MEMO) ?? "") as Record<string, unknown>;
    const text = (name: string): string | null => (typeof value[name] === "string" ? value[name] : null);
    const seen = Number(value.seen);
    return {
      token: text("token"),
      conversation: text("conversation"),
      seen: Number.isSafeInteger(seen) && seen > 0 ? seen : 0,
      user: text("user"),
    };
  } catch {
    return BLANK;
  }
}

export function writeMemo(store: Keep, memo: Memo): void {
  store.set(MEMO, JSON.stringify(memo));
}
