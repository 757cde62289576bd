import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../api/client";
import { ApiError, readProblem } from "../api/problem";
import type { OutboxRow } from "../api/types";
import { Outbox } from "./outbox.svelte";

function row(n: number, state: OutboxRow["state"] = "failed"): OutboxRow {
  const created_at = new Date(Date.UTC(2026, 10, 20, 12, n)).toISOString();
  return { id: `dlv_${n}`, state, target: { kind: "inbox", id: "inb_1", name: "Web" }, conversation: null, preview: "", attempts: 1, error: null, due_at: null, created_at };
}
const ids = (rows: readonly OutboxRow[]) => rows.map(({ id, state }) => `${id} ${state}`);

describe("the outbox", () => {
  let kept: OutboxRow[];
  let outbox: Outbox;

  beforeEach(async () => {
    kept = [row(3), row(2, "uncertain"), row(1)];
    vi.restoreAllMocks();
    vi.spyOn(api, "targets").mockResolvedValue({ data: [], webhooks: [] });
    vi.spyOn(api, "outbox").mockImplementation(async () => ({ data: kept, next: null }));
    vi.spyOn(api, "retryDelivery").mockImplementation(async (id, even) => {
      const found = kept.find((one) => one.id === id);
      if (found?.state === "uncertain" && !even) throw new ApiError(readProblem(409, { code: "perhaps_delivered" }, null));
      kept = kept.filter((one) => one.id !== id);
      return { ...row(Number(id.slice(4))), state: "pending" };
    });
    outbox = new Outbox();
    outbox.show("stuck");
    await vi.waitFor(() => expect(outbox.loading).toBe(false));
  });

  it("tries the picked ones again, oldest first, and keeps those that need a yes picked", async () => {
    outbox.pickAll(true);
    const outcome = await outbox.retry(outbox.pickedStuck.map(({ id }) => id), false);
    expect(vi.mocked(api.retryDelivery).mock.calls.map(([id]) => id)).toEqual(["dlv_1", "dlv_2", "dlv_3"]);
    expect(outcome.asks).toEqual(["dlv_2"]);
    expect(ids(outbox.rows)).toEqual(["dlv_3 pending", "dlv_2 uncertain", "dlv_1 pending"]);
    expect(ids(outbox.pickedStuck)).toEqual(["dlv_2 uncertain"]);
    await outbox.retry(outcome.asks, true);
    expect(outbox.pickedStuck).toEqual([]);
  });

  it("keeps what was settled on the page when the list is read again", async () => {
    await outbox.retry(["dlv_3"], false);
    await outbox.load();
    expect(ids(outbox.rows)).toEqual(["dlv_3 pending", "dlv_2 uncertain", "dlv_1 failed"]);
    // It failed once more: what the server says counts.
    kept = [row(3), ...kept];
    await outbox.load();
    expect(ids(outbox.rows)).toEqual(["dlv_3 failed", "dlv_2 uncertain", "dlv_1 failed"]);
    // A colleague settled it: what was done here before is no longer told.
    kept = kept.filter(({ id }) => id !== "dlv_3");
    await outbox.load();
    expect(ids(outbox.rows)).toEqual(["dlv_2 uncertain", "dlv_1 failed"]);
    kept = [row(3), ...kept];
    outbox.show("failed");
    await vi.waitFor(() => expect(outbox.loading).toBe(false));
    expect(outbox.rows).toHaveLength(3);
  });

  it("does not let an answer from before undo what was settled since", async () => {
    let answer: (page: { data: OutboxRow[]; next: null }) => void = () => undefined;
    vi.mocked(api.outbox).mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const before = kept;
    const late = outbox.load();
    await outbox.retry(["dlv_3"], false);
    answer({ data: before, next: null });
    await late;
    expect(ids(outbox.rows)[0]).toBe("dlv_3 pending");
  });

  it("shows what was dropped as dropped, and passes on why it could not be", async () => {
    vi.spyOn(api, "dropDelivery").mockResolvedValueOnce({ ...row(1, "dropped"), error: "dropped by Ana: by phone" });
    await outbox.drop("dlv_1", "by phone");
    expect(ids(outbox.rows)).toEqual(["dlv_3 failed", "dlv_2 uncertain", "dlv_1 dropped"]);
    vi.mocked(api.dropDelivery).mockRejectedValueOnce(new ApiError(readProblem(409, { code: "not_stuck" }, null)));
    await expect(outbox.drop("dlv_3", "x")).rejects.toBeInstanceOf(ApiError);
    expect(outbox.busy).toBe(false);
  });
});
