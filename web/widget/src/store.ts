// Everything the widget shows, as one value, and the pure function that takes it from frame to frame.

import type { Status } from "./connection";
import type { Outgoing } from "./outbox";
import type { Entry, Handler, ServerFrame } from "./protocol";

/** What a text may hold until `welcome` has said it. */
const DEFAULT_TEXT_LIMIT = 8000;
/** Older entries leave the page first; the server has them all. */
export const MAX_ENTRIES = 2000;

export interface State {
  readonly status: Status;
  readonly bot: string;
  readonly textLimit: number;
  readonly conversation: string | null;
  /** In seq order, each seq and each cid once. */
  readonly entries: readonly Entry[];
  readonly pending: readonly Outgoing[];
  readonly handler: Handler;
  readonly resolved: boolean;
  readonly typing: string | null;
  /** Between `welcome` and `ready` of an empty transcript: history is coming in, and is no news. */
  readonly loading: boolean;
  readonly open: boolean;
  /** Highest seq the visitor has seen. */
  readonly seen: number;
}

export type Action =
  | ServerFrame
  | { readonly t: "@status"; readonly status: Status }
  | { readonly t: "@pending"; readonly items: readonly Outgoing[] }
  | { readonly t: "@open"; readonly open: boolean }
  | { readonly t: "@seen"; readonly seq: number }
  | { readonly t: "@forget" };

export const INITIAL: State = {
  status: "idle",
  bot: "",
  textLimit: DEFAULT_TEXT_LIMIT,
  conversation: null,
  entries: [],
  pending: [],
  handler: { kind: "bot" },
  resolved: false,
  typing: null,
  loading: false,
  open: false,
  seen: 0,
};

export function reduce(state: State, action: Action): State {
  switch (action.t) {
    case "welcome": {
      const held = action.reset ? forget(state) : state;
      const { bot, limits, conversation } = action;
      return { ...held, bot, textLimit: limits.text, conversation, loading: held.entries.length === 0, typing: null };
    }
    case "conversation":
      return { ...(action.reset ? forget(state) : state), conversation: action.conversation };
    case "entry":
      return insert(state, action);
    case "ready":
      return { ...state, loading: false };
    case "state":
      return { ...state, handler: action.handler, resolved: action.resolved };
    case "typing":
      return { ...state, typing: action.on ? (action.name ?? "") : null };
    case "ack":
    case "nack":
    case "error":
    case "pong":
      return state;
    case "@status":
      return { ...state, status: action.status, ...(action.status === "online" ? {} : { typing: null, loading: false }) };
    case "@pending":
      return { ...state, pending: action.items };
    case "@open":
      return { ...state, open: action.open };
    case "@seen":
      return action.seq > state.seen ? { ...state, seen: action.seq } : state;
    case "@forget":
      return { ...forget(state), conversation: null };
  }
}

/** Another conversation begins: nothing of the old one may shine through. */
function forget(state: State): State {
  return { ...state, entries: [], handler: { kind: "bot" }, resolved: false, typing: null, seen: 0 };
}

function insert(state: State, entry: Entry): State {
  const { entries } = state;
  const known = entries.some(({ seq, cid }) => seq === entry.seq || (cid !== null && cid === entry.cid));
  if (known) return state;
  const at = entries.findLastIndex(({ seq }) => seq < entry.seq) + 1;
  const all = [...entries.slice(0, at), entry, ...entries.slice(at)].slice(-MAX_ENTRIES);
  return { ...state, entries: all, typing: entry.from.kind === "contact" ? state.typing : null };
}

export function lastSeq({ entries }: State): number {
  return entries.at(-1)?.seq ?? 0;
}

/** What bot or people said that the visitor has not seen. */
export function unread({ entries, seen }: State): number {
  return entries.filter(({ seq, from }) => seq > seen && (from.kind === "bot" || from.kind === "agent")).length;
}
