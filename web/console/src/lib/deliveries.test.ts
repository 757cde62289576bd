import { describe, expect, it, vi } from "vitest";
import { ApiError, readProblem } from "../api/problem";
import type { OutboxRow } from "../api/types";
import { isDropped, isStuck, joined, refreshed, retryEach, told } from "./deliveries";

function row(n: number, more: Partial<OutboxRow> = {}): OutboxRow {
  const created_at = new Date(Date.UTC(2026, 10, 20, 12, n)).toISOString();
  return { id: `dlv_${n}`, state: "failed", target: { kind: "inbox", id: "inb_1", name: "Web" }, conversation: null, preview: `${n}`, attempts: 1, error: null, due_at: null, created_at, ...more };
}
const ids = (rows: readonly OutboxRow[]) => rows.map(({ id }) => id);
const refusal = (status: number, code: string, detail = code) => new ApiError(readProblem(status, { code, detail, title: detail }, null));

describe("stuck", () => {
  it("is what goes nowhere by itself", () => {
    const stuck = (["pending", "sending", "uncertain", "failed", "sent", "dropped"] as const).filter((state) => isStuck(row(1, { state })));
    expect(stuck).toEqual(["uncertain", "failed"]);
  });

  it("ends when somebody dropped it", () => {
    expect(isDropped({ state: "failed", error: "dropped by Ana: sent by phone" })).toBe(true);
    expect(isDropped({ state: "failed", error: "blocked; was dropped by the peer" })).toBe(false);
    expect(isDropped({ state: "uncertain", error: null })).toBe(false);
  });
});

describe("trying several again", () => {
  it("sorts out what each came to, and sends in the order given", async () => {
    const answers: Record<string, () => OutboxRow> = {
      dlv_1: () => row(1, { state: "pending" }),
      dlv_2: () => { throw refusal(409, "perhaps_delivered"); },
      dlv_3: () => { throw refusal(409, "not_stuck"); },
      dlv_4: () => { throw refusal(500, "internal", "The disk is full."); },
      dlv_5: () => row(5, { state: "pending" }),
    };
    const retry = vi.fn(async (id: string, _even: boolean) => (answers[id] ?? (() => row(0)))());
    const outcome = await retryEach(["dlv_1", "dlv_2", "dlv_3", "dlv_4", "dlv_5"], false, retry);
    expect(ids(outcome.rows)).toEqual(["dlv_1", "dlv_5"]);
    expect(outcome.asks).toEqual(["dlv_2"]);
    expect(outcome.settled).toEqual(["dlv_3"]);
    expect(retry.mock.calls.map(([id, even]) => [id, even])).toEqual([1, 2, 3, 4, 5].map((n) => [`dlv_${n}`, false]));
    expect(told(outcome)).toBe("2 are on their way again. A colleague was faster: it is no longer stuck. The disk is full.");
  });

  it("never says yes to a repetition by itself", async () => {
    const retry = vi.fn(async () => { throw refusal(409, "perhaps_delivered"); });
    const outcome = await retryEach(["dlv_1"], false, retry);
    expect(retry).toHaveBeenCalledOnce();
    expect(outcome.asks).toEqual(["dlv_1"]);
    expect(told(outcome)).toBe("");
  });

  it("stops when there is no connection", async () => {
    const retry = vi.fn(async () => { throw refusal(0, "network", "No connection."); });
    expect((await retryEach(["dlv_1", "dlv_2"], false, retry)).errors).toHaveLength(1);
    expect(retry).toHaveBeenCalledOnce();
  });

  it("is told in the singular too", () => {
    expect(told({ rows: [row(1)], asks: [], settled: [], errors: [] })).toBe("On its way again.");
    expect(told({ rows: [], asks: [], settled: [], errors: ["No.", "No."] })).toBe("2 could not be tried again: No.");
  });
});

describe("the list", () => {
  it("keeps what was settled here where it was, until it is stuck again", () => {
    const settled = new Map([["dlv_2", row(2, { state: "pending" })]]);
    const found = refreshed([row(3), row(1)], settled);
    expect(ids(found)).toEqual(["dlv_3", "dlv_2", "dlv_1"]);
    expect(found[1]?.state).toBe("pending");
    expect(refreshed([row(2, { error: "again" })], settled)).toEqual([row(2, { error: "again" })]);
  });

  it("has each delivery once, however pages shift", () => {
    expect(ids(joined([row(3), row(2)], [row(2), row(1)]))).toEqual(["dlv_3", "dlv_2", "dlv_1"]);
  });
});
