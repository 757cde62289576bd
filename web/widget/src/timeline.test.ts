import { describe, expect, it } from "vitest";
import type { Outgoing } from "./outbox";
import type { Entry } from "./protocol";
import { INITIAL, type State } from "./store";
import { timeline, type MessageRow, type Row } from "./timeline";

const NOON = new Date(2026, 10, 20, 12).getTime();
const MINUTE = 60_000;

const entry = (seq: number, minute: number, more: Partial<Entry> = {}): Entry => ({
  t: "entry",
  seq,
  id: `msg_${seq}`,
  at: NOON + minute * MINUTE,
  from: { kind: "bot" },
  text: `text ${seq}`,
  format: "plain",
  choices: [],
  citation: null,
  cid: null,
  ...more,
});
const own = (seq: number, minute: number, text: string, cid = `own-${seq}`): Entry => entry(seq, minute, { from: { kind: "contact" }, text, cid });
const out = (id: string, state: Outgoing["state"], more: Partial<Outgoing> = {}): Outgoing => ({
  id,
  kind: "send",
  text: "mine",
  choice: null,
  at: NOON + 60 * MINUTE,
  state,
  ...more,
});
const rows = (part: Partial<State>): Row[] => timeline({ ...INITIAL, ...part });
const spoken = (part: Partial<State>): MessageRow[] => rows(part).filter((row) => row.kind !== "day");
const choices = [
  { id: "y", label: "Yes" },
  { id: "n", label: "No" },
];

describe("timeline", () => {
  it("puts a separator before each day", () => {
    const kinds = rows({ entries: [entry(1, 0), entry(2, 1), entry(3, 24 * 60)] }).map(({ kind }) => kind);
    expect(kinds).toEqual(["day", "message", "message", "day", "message"]);
  });

  it("groups one author's messages, but not over another's, a pause or news", () => {
    const from = { kind: "agent", name: "Ana" } as const;
    const entries = [entry(1, 0), entry(2, 1), entry(3, 2, { from }), entry(4, 20, { from }), entry(5, 21, { from: { kind: "system" } })];
    expect(spoken({ entries }).map(({ first, last }) => [first, last])).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
      [true, true],
    ]);
  });

  it("keeps one key for an own message from writing to its entry, and shows it once", () => {
    const pending = [out("cid-1", "sent")];
    const waiting = spoken({ pending });
    const arrived = spoken({ pending, entries: [own(1, 0, "mine", "cid-1")] });
    expect(waiting.map(({ key }) => key)).toEqual(["cid-1"]);
    expect(arrived.map(({ key }) => key)).toEqual(["cid-1"]);
  });

  it("tells how far the last own message got, and every failure", () => {
    const pending = [out("a", "failed"), out("b", "queued"), out("c", "queued")];
    expect(spoken({ entries: [own(1, 0, "old")], pending }).map(({ note }) => note)).toEqual([null, "failed", null, "queued"]);
    expect(spoken({ entries: [own(1, 0, "one"), own(2, 1, "two")] }).map(({ note }) => note)).toEqual([null, "sent"]);
  });

  it("shows no row for a wish to start anew", () => {
    expect(rows({ pending: [out("a", "queued", { kind: "anew" })] })).toEqual([]);
  });

  describe("choices", () => {
    const asked = entry(1, 0, { choices });

    it("can be pressed under the last question only", () => {
      const found = spoken({ entries: [asked, entry(2, 1, { choices })] }).map((row) => row.choices);
      expect(found).toEqual([[], choices]);
    });

    it("stay when more is said to the visitor, and are gone once answered", () => {
      const first = (entries: Entry[]) => spoken({ entries })[0]?.choices;
      expect(first([asked, entry(2, 1)])).toEqual(choices);
      expect(first([asked, own(2, 1, "No")])).toEqual([]);
      expect(first([asked, own(2, 1, "something else")])).toEqual([]);
    });

    it("are gone while the answer is under way, and back when it failed", () => {
      const press = (state: Outgoing["state"]): Outgoing => out("a", state, { kind: "choose", text: "Yes", choice: "y" });
      expect(spoken({ entries: [asked], pending: [press("sending")] })[0]?.choices).toEqual([]);
      expect(spoken({ entries: [asked], pending: [press("failed")] })[0]?.choices).toEqual(choices);
    });
  });
});
