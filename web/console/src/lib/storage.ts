// Browser storage that may be missing, full or broken: the console works without.

export function load<T>(store: () => Storage, key: string, fallback: T): T {
  try {
    const text = store().getItem(key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function save(store: () => Storage, key: string, value: unknown): void {
  try {
    if (value === null || value === undefined || value === "") store().removeItem(key);
    else store().setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: the text stays on the page.
  }
}

export const session = (): Storage => window.sessionStorage;
export const local = (): Storage => window.localStorage;

/** A key for an idempotent request. */
export function freshKey(): string {
  // `randomUUID` needs a secure context; a desk reached by plain HTTP in the house network has none.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
