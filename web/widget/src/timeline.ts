// From state to the rows of the transcript: who, when, grouped, which choices still count. Pure.

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
  readonly choices: Choices | null;
  /** Of a group by one author. */
  readonly first: boolean;
  readonly last: boolean;
  /** How far an own message got; null for those of others. */
  readonly state: Outgoing["state"] | null;
  /** The state where it is worth telling. */
  readonly note: Outgoing["state"] | null;
}

export interface Choices {
  readonly items: readonly Choice[];
  /** Only the last question can be answered by a press. */
  readonly live: boolean;
  readonly chosen: string | null;
}

export type Row = DayRow | MessageRow;

type Draft = Omit<MessageRow, "first" | "last" | "note">;

export function timeline({ entries, pending }: State): Row[] {
  const confirmed = new Set(entries.map(({ cid }) => cid));
  const waiting = pending.filter(({ id, kind }) => kind !== "anew" && !confirmed.has(id));
  const asked = entries.findLastIndex(({ choices }) => choices.length);
  const drafts = [...entries.map((entry, i) => fromEntry(entry, choices(entries, waiting, i, asked))), ...waiting.map(fromPending)];
  const lastOwn = drafts.findLastIndex(own);

  const rows: Row[] = [];
  drafts.forEach((draft, i) => {
    const { at, key, state } = draft;
    const before = drafts[i - 1];
    const after = drafts[i + 1];
    if (!before || day(before.at) !== day(at)) rows.push({ kind: "day", key: `day ${key}`, at });
    const told = state === "failed" || i === lastOwn || (state !== "sent" && state !== after?.state);
    rows.push({ ...draft, first: !together(before, draft), last: !together(draft, after), note: told ? state : null });
  });
  return rows;
}

/** Own messages keep one key from writing to confirmation, so that their place on the page stays the same element. */
function fromEntry(entry: Entry, choices: Choices | null): Draft {
  const { cid, seq, at, from, text, format, citation } = entry;
  const kind = from.kind === "system" ? "system" : "message";
  const state = from.kind === "contact" ? "sent" : null;
  return { kind, key: cid ?? `#${seq}`, at, said: { from, text, format, citation }, choices, state };
}

function fromPending({ id, at, text, state }: Outgoing): Draft {
  const said: Said = { from: { kind: "contact" }, text, format: "plain", citation: null };
  return { kind: "message", key: id, at, said, choices: null, state };
}

function choices(entries: readonly Entry[], waiting: readonly Outgoing[], i: number, asked: number): Choices | null {
  const items = entries[i]?.choices ?? [];
  if (!items.length) return null;
  const reply = entries.slice(i + 1).find(({ from }) => from.kind === "contact") ?? (i === asked && waiting.find(({ state }) => state !== "failed"));
  const chosen = items.find(({ label }) => reply && label === reply.text)?.id ?? null;
  return { items, live: i === asked && !reply, chosen };
}

function together(a: Draft | undefined, b: Draft | undefined): boolean {
  return !!a && !!b && !a.choices && b.at - a.at < GROUP_PAUSE && day(a.at) === day(b.at) && author(a) === author(b);
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
