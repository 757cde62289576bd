import { describe, expect, it } from "vitest";
import type { Entry } from "./protocol";
import { INITIAL, lastSeq, MAX_ENTRIES, reduce, unread, type Action, type State } from "./store";

const entry = (seq: number, more: Partial<Entry> = {}): Entry => ({
  t: "entry",
  seq,
  id: `msg_${seq}`,
  at: seq * 1000,
  from: { kind: "bot" },
  text: `text ${seq}`,
  format: "plain",
  choices: [],
  citation: null,
  cid: null,
  ...more,
});
const welcome = (more: object = {}): Action => ({
  t: "welcome",
  v: 1,
  token: "tok",
  conversation: "cnv_1",
  reset: false,
  limits: { text: 100 },
  bot: "Juno",
  ...more,
});
const after = (...actions: Action[]): State => actions.reduce(reduce, INITIAL);
const seqs = ({ entries }: State): number[] => entries.map(({ seq }) => seq);

describe("reduce", () => {
  it("keeps entries in seq order and each seq once", () => {
    expect(seqs(after(entry(1), entry(3), entry(2), entry(3), entry(1)))).toEqual([1, 2, 3]);
  });

  it("keeps each client id once", () => {
    const cid = "11111111";
    expect(seqs(after(entry(1, { cid }), entry(2, { cid })))).toEqual([1]);
    expect(seqs(after(entry(1), entry(2)))).toEqual([1, 2]);
  });

  it("does not touch the state it was given", () => {
    const before = after(entry(1));
    reduce(before, entry(2));
    expect(seqs(before)).toEqual([1]);
  });

  it("holds no more than its limit and drops the oldest first", () => {
    const many = Array.from({ length: MAX_ENTRIES + 5 }, (_, i) => entry(i + 1));
    const state = after(...many);
    expect(state.entries.length).toBe(MAX_ENTRIES);
    expect(state.entries[0]?.seq).toBe(6);
    expect(lastSeq(state)).toBe(MAX_ENTRIES + 5);
  });

  it("takes name and limits from the welcome", () => {
    expect(after(welcome())).toMatchObject({ bot: "Juno", textLimit: 100, conversation: "cnv_1", loading: true });
  });

  it("keeps what it holds over a reconnect, and forgets it on a reset", () => {
    const held = [entry(1), { t: "state", handler: { kind: "agent", name: "Ana" }, resolved: true }] as const;
    expect(after(...held, welcome())).toMatchObject({ entries: [{ seq: 1 }], resolved: true, loading: false });
    expect(after(...held, welcome({ reset: true }))).toMatchObject({ entries: [], resolved: false, handler: { kind: "bot" } });
  });

  it("begins a new conversation empty", () => {
    const state = after(entry(1), { t: "@seen", seq: 1 }, { t: "conversation", conversation: "cnv_2", reset: true });
    expect(state).toMatchObject({ entries: [], conversation: "cnv_2", seen: 0 });
  });

  it("ends the typing of another when their message is there, not at the visitor's own", () => {
    const typing: Action = { t: "typing", on: true, name: "Ana" };
    expect(after(typing, entry(1, { from: { kind: "contact" } })).typing).toBe("Ana");
    expect(after(typing, entry(1, { from: { kind: "agent", name: "Ana" } })).typing).toBeNull();
    expect(after(typing, { t: "@status", status: "offline" }).typing).toBeNull();
  });

  it("never lets the seen mark go back", () => {
    expect(after({ t: "@seen", seq: 5 }, { t: "@seen", seq: 3 }).seen).toBe(5);
  });
});

describe("unread", () => {
  it("counts what bot and people said after the last seen", () => {
    const state = after(
      entry(1),
      entry(2),
      entry(3, { from: { kind: "contact" } }),
      entry(4, { from: { kind: "system" } }),
      entry(5, { from: { kind: "agent", name: "Ana" } }),
      { t: "@seen", seq: 1 },
    );
    expect(unread(state)).toBe(2);
  });
});
