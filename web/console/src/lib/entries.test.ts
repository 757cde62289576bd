import { describe, expect, it } from "vitest";
import type { Author, Entry } from "../api/types";
import { chosen, items, lastSeq, merge, newerThan, unsettledFrom } from "./entries";

const contact: Author = { kind: "contact", id: "con_1", name: "Mara" };
const bot: Author = { kind: "bot", name: "Juno" };

function entry(seq: number, more: Partial<Entry> = {}): Entry {
  return { seq, id: `e${seq}`, at: new Date(Date.UTC(2026, 0, 5, 12, seq)).toISOString(), kind: "message", author: contact, content: { text: `${seq}` }, ...more };
}
const seqs = (entries: Entry[]) => entries.map(({ seq }) => seq);

describe("merge", () => {
  it("appends, prepends and fills in, each place once", () => {
    const known = [entry(4), entry(5)];
    expect(seqs(merge(known, [entry(6), entry(7)]))).toEqual([4, 5, 6, 7]);
    expect(seqs(merge(known, [entry(2), entry(3), entry(4)]))).toEqual([2, 3, 4, 5]);
    expect(seqs(merge([entry(1), entry(5)], [entry(3)]))).toEqual([1, 3, 5]);
  });

  it("takes the later reading of the same place", () => {
    const sent = entry(2, { delivery: { state: "sent", error: null } });
    const seen = entry(2, { delivery: { state: "seen", error: null } });
    expect(merge([entry(1), sent], [seen])[1]?.delivery?.state).toBe("seen");
  });

  it("orders an answer that is not in order", () => {
    expect(seqs(merge([], [entry(3), entry(1), entry(2), entry(1)]))).toEqual([1, 2, 3]);
  });

  it("gives the same list back when nothing came", () => {
    const known = [entry(1)];
    expect(merge(known, [])).toBe(known);
  });
});

describe("where to read on", () => {
  it("is the last place, or before the oldest delivery that can still change", () => {
    const done = { state: "seen", error: null } as const;
    const open = { state: "sent", error: null } as const;
    expect(lastSeq([])).toBe(0);
    expect(unsettledFrom([entry(1, { delivery: done }), entry(2)])).toBe(2);
    // What failed may be tried again by a colleague; what was dropped may not.
    expect(unsettledFrom([entry(1, { delivery: done }), entry(2, { delivery: { state: "failed", error: "blocked" } }), entry(3)])).toBe(1);
    expect(unsettledFrom([entry(1, { delivery: done }), entry(2, { delivery: { state: "failed", error: "dropped by Ana: wrong person" } }), entry(3)])).toBe(3);
    expect(unsettledFrom([entry(1, { delivery: done }), entry(2, { delivery: open }), entry(3, { delivery: open })])).toBe(1);
  });

  it("does not count logs and notes as messages that were missed", () => {
    expect(seqs(newerThan([entry(1), entry(2, { kind: "log" }), entry(3), entry(4, { kind: "note" })], 1))).toEqual([3]);
  });
});

describe("chosen", () => {
  const asked = entry(1, { author: bot, content: { text: "?", choices: [{ id: "1:a", label: "A" }, { id: "1:b", label: "B" }] } });

  it("finds the choice on the answer or on the question", () => {
    expect(chosen([asked, entry(2, { chosen: "1:b" })]).get(1)).toBe("1:b");
    expect(chosen([{ ...asked, chosen: "1:a" }]).get(1)).toBe("1:a");
  });

  it("belongs to the last question that offered it", () => {
    const again = { ...asked, seq: 3 };
    expect([...chosen([asked, again, entry(4, { chosen: "1:a" })])]).toEqual([[3, "1:a"]]);
  });

  it("ignores what was never offered", () => {
    expect(chosen([asked, entry(2, { chosen: "9:z" })]).size).toBe(0);
  });
});

describe("items", () => {
  it("puts a heading over each day", () => {
    const next = entry(2, { at: new Date(Date.UTC(2026, 0, 7, 12)).toISOString() });
    expect(items([entry(1), next]).map(({ kind }) => kind)).toEqual(["day", "message", "day", "message"]);
  });

  it("joins messages of one author that are close together", () => {
    const found = items([entry(1), entry(2), entry(3, { author: bot }), entry(30, { author: bot })]).filter((item) => item.kind === "message");
    expect(found.map((item) => item.continues)).toEqual([false, true, false, false]);
  });

  it("puts logs in a row together, and lets nothing else continue over them", () => {
    const log = { kind: "log", author: { kind: "system" } } as const;
    const found = items([entry(1), entry(2, log), entry(3, log), entry(4)]);
    expect(found.map(({ kind }) => kind)).toEqual(["day", "message", "logs", "message"]);
    expect(found[3]).toMatchObject({ continues: false });
  });
});
