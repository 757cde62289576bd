import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { coalesce } from "./coalesce";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("runs once for many reasons, and once more for those that come meanwhile", async () => {
  let finish = () => undefined as void;
  const run = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  const ask = coalesce(run, 10, 100);
  for (let at = 0; at < 50; at += 1) ask();
  await vi.advanceTimersByTimeAsync(10);
  expect(run).toHaveBeenCalledTimes(1);
  ask();
  ask();
  await vi.advanceTimersByTimeAsync(500);
  expect(run).toHaveBeenCalledTimes(1);
  finish();
  await vi.advanceTimersByTimeAsync(50);
  expect(run).toHaveBeenCalledTimes(2);
});
