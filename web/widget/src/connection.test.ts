import { describe, expect, it } from "vitest";
import { CLOSE, retryDelay } from "./connection";

describe("retryDelay", () => {
  it("grows from half a second to half a minute, with full jitter", () => {
    const longest = [0, 1, 2, 6, 40].map((failures) => retryDelay(1006, failures, 1));
    expect(longest).toEqual([500, 1000, 2000, 30_000, 30_000]);
    expect(retryDelay(1006, 5, 0)).toBe(0);
    expect(retryDelay(1006, 0, 0.5)).toBe(250);
  });

  it("does not come back where it is refused", () => {
    expect(retryDelay(CLOSE.refused, 0, 0.5)).toBeNull();
  });

  it("waits ten seconds after too many frames", () => {
    expect(retryDelay(CLOSE.tooMany, 0, 0)).toBe(10_000);
  });

  it("comes back soon after a restart and at once with a dropped token, but not for ever", () => {
    expect(retryDelay(CLOSE.restart, 0, 1)).toBe(1000);
    expect(retryDelay(CLOSE.token, 0, 1)).toBe(0);
    expect(retryDelay(CLOSE.restart, 8, 1)).toBe(30_000);
    expect(retryDelay(CLOSE.token, 8, 1)).toBe(30_000);
  });
});
