// From state to the rows of the transcript: who, when, grouped, and what can be chosen now. Pure.

import type { Outgoing } from "./outbox";
import type { Choice, Entry } from "./protocol";
import type { State } from "./store";

/** A pause longer than this begins a new group, with its own name and time. */
const GROUP_PAUSE = 5 * 60_000;

/** What is said, by an entry or by one to be. */
export type Said = Pick<Entry, "from" | "text" | "format" | "citation">;

export interface DayRow {
  readonly kind: "day";
  readonly key: string;
  readonly at: number;
}

export interface MessageRow {
  /** `system`: nobody's message, news of the conversation itself. */
  readonly kind: "message" | "system";
  readonly key: string;
  readonly at: number;
  readonly said: Said;
  /** The answers to choose from, while they wait for one: the chosen one is a message like any other. */
  readonly choices: readonly Choice[];
  /** Of a group by one author. */
  readonly first: boolean;
  readonly last: boolean;
  /** How far an own message got; null for those of others. */
  readonly state: Outgoing["state"] | null;
  /** The state where it is worth telling. */
  readonly note: Outgoing["state"] | null;
}

export type Row = DayRow | MessageRow;

type Draft = Omit<MessageRow, "first" | "last" | "note">;

export function timeline({ entries, pending }: State): Row[] {
  const confirmed = new Set(entries.map(({ cid }) => cid));
  const waiting = pending.filter(({ id, kind }) => kind !== "anew" && !confirmed.has(id));
  const drafts = [...entries.map(fromEntry), ...waiting.map(fromPending)];
  const open = drafts[openQuestion(drafts)];
  const lastOwn = drafts.findLastIndex(own);

  const rows: Row[] = [];
  drafts.forEach((draft, i) => {
    const { at, key, state } = draft;
    const before = drafts[i - 1];
    const after = drafts[i + 1];
    if (!before || day(before.at) !== day(at)) rows.push({ kind: "day", key: `day ${key}`, at });
    const told = state === "failed" || i === lastOwn || (state !== "sent" && state !== after?.state);
    rows.push({ ...draft, choices: draft === open ? draft.choices : [], first: !together(before, draft), last: !together(draft, after), note: told ? state : null });
  });
  return rows;
}

/** Own messages keep one key from writing to confirmation, so that their place on the page stays the same element. */
function fromEntry({ cid, seq, at, from, text, format, citation, choices }: Entry): Draft {
  const kind = from.kind === "system" ? "system" : "message";
  const state = from.kind === "contact" ? "sent" : null;
  return { kind, key: cid ?? `#${seq}`, at, said: { from, text, format, citation }, choices, state };
}

function fromPending({ id, at, text, state }: Outgoing): Draft {
  const said: Said = { from: { kind: "contact" }, text, format: "plain", citation: null };
  return { kind: "message", key: id, at, said, choices: [], state };
}

/** The last question, unless it was answered since; what failed to be sent is no answer. */
function openQuestion(drafts: readonly Draft[]): number {
  const asked = drafts.findLastIndex(({ choices }) => choices.length);
  return drafts.slice(asked + 1).some((draft) => own(draft) && draft.state !== "failed") ? -1 : asked;
}

function together(a: Draft | undefined, b: Draft | undefined): boolean {
  return !!a && !!b && !a.choices.length && b.at - a.at < GROUP_PAUSE && day(a.at) === day(b.at) && author(a) === author(b);
}

function author({ said }: Draft): string {
  return JSON.stringify(said.from);
}

function own({ said }: Draft): boolean {
  return said.from.kind === "contact";
}

function day(at: number): string {
  return new Date(at).toDateString();
}
