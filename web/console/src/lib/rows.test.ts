import { describe, expect, it } from "vitest";
import type { Row } from "../api/types";
import { holder, join, neighbour, order, patch } from "./rows";

function row(id: string, more: Partial<Row> = {}): Row {
  return {
    id,
    number: Number(id),
    inbox: { id: "inb_1", name: "Site", kind: "webchat" },
    contact: { id: "con_1", name: "Mara" },
    status: "open",
    handler: { kind: "bot" },
    priority: "normal",
    language: "en",
    preview: "",
    preview_author: "contact",
    last_message_at: `2026-01-05T12:0${id}:00Z`,
    waiting_since: `2026-01-05T11:0${id}:00Z`,
    unread: false,
    version: 1,
    viewers: [],
    ...more,
  };
}
const ids = (rows: Row[]) => rows.map(({ id }) => id);

describe("order", () => {
  it("shows who waits longest first, and the newest message first elsewhere", () => {
    const rows = [row("2"), row("1"), row("3")];
    expect(ids(order("waiting", rows))).toEqual(["1", "2", "3"]);
    expect(ids(order("open", rows))).toEqual(["3", "2", "1"]);
  });

  it("is stable for the same time and survives a missing one", () => {
    const rows = [row("3", { last_message_at: null }), row("2", { last_message_at: null }), row("1")];
    expect(ids(order("mine", rows))).toEqual(["1", "2", "3"]);
  });
});

describe("join", () => {
  it("keeps each conversation once when pages overlap", () => {
    expect(ids(join("open", [row("3"), row("2")], [row("2"), row("1")]))).toEqual(["3", "2", "1"]);
  });

  it("lets the higher version win, whichever came first", () => {
    const old = row("1", { version: 1, preview: "old" });
    const fresh = row("1", { version: 2, preview: "fresh" });
    expect(join("open", [fresh], [old])[0]?.preview).toBe("fresh");
    expect(join("open", [old], [fresh])[0]?.preview).toBe("fresh");
  });
});

describe("small things", () => {
  it("changes one row only", () => {
    const rows = [row("1", { unread: true }), row("2", { unread: true })];
    expect(patch(rows, "1", { unread: false }).map(({ unread }) => unread)).toEqual([false, true]);
    expect(rows[0]?.unread).toBe(true);
  });

  it("moves along the list and stops at its ends", () => {
    const rows = [row("1"), row("2")];
    expect(neighbour(rows, null, 1)).toBe("1");
    expect(neighbour(rows, null, -1)).toBe("2");
    expect(neighbour(rows, "1", 1)).toBe("2");
    expect(neighbour(rows, "2", 1)).toBe("2");
    expect(neighbour([], "2", 1)).toBeNull();
  });

  it("names the holder", () => {
    expect(holder({ kind: "bot" }, "agt_1", "Juno")).toBe("Juno");
    expect(holder({ kind: "queue", team: "billing", since: "" }, "agt_1", "Juno")).toBe("Waits for billing");
    expect(holder({ kind: "agent", agent: { id: "agt_1", name: "Ana" } }, "agt_1", "Juno")).toBe("You");
    expect(holder({ kind: "agent", agent: { id: "agt_2", name: "Ben" } }, "agt_1", "Juno")).toBe("Ben");
  });
});
