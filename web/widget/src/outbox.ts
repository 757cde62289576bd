// What the visitor wrote and the server has not yet confirmed. Each item is kept in the browser under its own key, so that
// tabs never overwrite each other, and goes out in order, one at a time. A message sent twice is harmless: its id is the same.

import type { ClientFrame } from "./protocol";
import type { Keep } from "./storage";

export const MAX_QUEUED = 100;
const PREFIX = "out.";
const ACK_TIMEOUT = 20_000;
const DEFAULT_RETRY = 2000;

export interface Outgoing {
  readonly id: string;
  readonly kind: "send" | "choose" | "anew";
  /** The message, or the chosen label. */
  readonly text: string;
  readonly choice: string | null;
  readonly at: number;
  /** `sent`: on the server's disk, its entry has not come back yet. */
  readonly state: "queued" | "sending" | "sent" | "failed";
}

export interface Wire {
  send(frame: ClientFrame): boolean;
  /** No ack came in time. */
  stuck(): void;
  changed(items: readonly Outgoing[]): void;
}

export interface Outbox {
  readonly items: () => readonly Outgoing[];
  /** False when the queue is full; nothing was taken then. */
  add(kind: Outgoing["kind"], text?: string, choice?: string | null): boolean;
  /** After `welcome`: what was in flight is sent again, and what another tab left behind goes along. */
  up(): void;
  down(): void;
  acked(id: string): void;
  nacked(id: string, code: string, retryAfter: number | null): void;
  /** The item under way can never go through as it is (the server closed the line over it). */
  failInFlight(): void;
  /** Its entry is in the transcript, or it is no longer wanted. */
  settle(id: string): void;
  retry(id: string): void;
  /** Another tab changed what is kept: let go of what it settled. */
  sync(): void;
  /** A new conversation: confirmed messages of the old one no longer wait for their entries. */
  forgetSent(): void;
  clear(): void;
}

export function outbox(store: Keep, wire: Wire): Outbox {
  let items: readonly Outgoing[] = load(store);
  let online = false;
  let ackTimer = 0;
  let pause = 0;

  return {
    items: () => items,
    add(kind, text = "", choice = null) {
      if (items.length >= MAX_QUEUED) return false;
      const at = Math.max(Date.now(), (items.at(-1)?.at ?? 0) + 1);
      const item: Outgoing = { id: newId(), kind, text, choice, at, state: "queued" };
      save(item);
      set([...items, item]);
      next();
      return true;
    },
    up() {
      down();
      online = true;
      set([...items, ...load(store).filter(({ id }) => !find(id))].sort(byTime));
      next();
    },
    down,
    acked(id) {
      const item = find(id);
      if (!item) return;
      if (item.kind === "anew") return settle(id);
      store.remove(PREFIX + id);
      put(item, "sent");
      next();
    },
    nacked(id, code, retryAfter) {
      const item = find(id);
      if (!item || item.state === "sent") return;
      if (code !== "unavailable" && code !== "rate_limited") {
        fail(item);
        return next();
      }
      clearTimeout(pause);
      pause = window.setTimeout(() => {
        pause = 0;
        next();
      }, retryAfter ?? DEFAULT_RETRY);
      put(item, "queued");
    },
    failInFlight() {
      const item = items.find(underWay);
      if (item) fail(item);
    },
    settle,
    retry(id) {
      const item = find(id);
      if (item?.state !== "failed") return;
      save(put(item, "queued"));
      next();
    },
    sync: () => set(items.filter((item) => item.state === "sent" || underWay(item) || store.get(PREFIX + item.id))),
    forgetSent: () => set(items.filter(({ state }) => state !== "sent")),
    clear() {
      for (const { id } of items) store.remove(PREFIX + id);
      set([]);
    },
  };

  function down(): void {
    online = false;
    clearTimeout(pause);
    pause = 0;
    const item = items.find(underWay);
    if (item) put(item, "queued");
  }

  function settle(id: string): void {
    store.remove(PREFIX + id);
    set(items.filter((item) => item.id !== id));
    next();
  }

  function next(): void {
    if (!online || pause || items.some(underWay)) return;
    const item = items.find(({ state }) => state === "queued");
    if (!item || !wire.send(toFrame(item))) return;
    put(item, "sending");
    ackTimer = window.setTimeout(wire.stuck, ACK_TIMEOUT);
  }

  function fail(item: Outgoing): void {
    save(put(item, "failed"));
  }

  function find(id: string): Outgoing | undefined {
    return items.find((item) => item.id === id);
  }

  function put(item: Outgoing, state: Outgoing["state"]): Outgoing {
    const changed: Outgoing = { ...item, state };
    set(items.map((old) => (old.id === item.id ? changed : old)));
    return changed;
  }

  function set(now: readonly Outgoing[]): void {
    items = now;
    if (!items.some(underWay)) clearTimeout(ackTimer);
    wire.changed(items);
  }

  function save({ id, kind, text, choice, at, state }: Outgoing): void {
    store.set(PREFIX + id, JSON.stringify({ kind, text, choice, at, failed: state === "failed" }));
  }
}

function underWay({ state }: Outgoing): boolean {
  return state === "sending";
}

function toFrame({ id, kind, text, choice }: Outgoing): ClientFrame {
  if (kind === "choose" && choice !== null) return { t: "choose", id, choice, label: text };
  return kind === "anew" ? { t: "anew", id } : { t: "send", id, text };
}

function byTime(a: Outgoing, b: Outgoing): number {
  return a.at - b.at;
}

function load(store: Keep): Outgoing[] {
  const ids = store.names().flatMap((name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : []));
  return ids
    .flatMap((id) => read(id, store.get(PREFIX + id)) ?? [])
    .sort(byTime)
    .slice(0, MAX_QUEUED);
}

/** Storage is open to the whole page, so what lies there is read as strictly as a frame. */
function read(id: string, json: string | null): Outgoing | null {
  try {
    const { kind, text, choice, at, failed } = JSON.parse(json ?? "") as Record<string, unknown>;
    const chosen = typeof choice === "string" ? choice : null;
    if (!/^[\w-]{8,64}$/.test(id) || typeof text !== "string" || typeof at !== "number") return null;
    if (kind !== "send" && kind !== "anew" && !(kind === "choose" && chosen !== null)) return null;
    return { id, kind, text, choice: chosen, at, state: failed === true ? "failed" : "queued" };
  } catch {
    return null;
  }
}

/** `randomUUID` is missing on pages without TLS. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
