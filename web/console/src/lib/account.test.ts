import { describe, expect, it } from "vitest";
import { count, lastDays, mismatch, missing, presetOf, span, total, unbalanced, utcDay } from "./account";

const row = (received: number, filed: number, duplicate: number, filtered: number, quarantined: number, balanced = true) => ({ received, filed, duplicate, filtered, quarantined, balanced });

describe("accounts", () => {
  it("are summed up part by part", () => {
    expect(total([row(10, 7, 1, 1, 1), row(5, 5, 0, 0, 0)])).toEqual({ received: 15, filed: 12, duplicate: 1, filtered: 1, quarantined: 1 });
    expect(total([])).toEqual({ received: 0, filed: 0, duplicate: 0, filtered: 0, quarantined: 0 });
  });

  it("balance only when the server and the sum agree", () => {
    const good = row(10, 7, 1, 1, 1);
    const lost = row(10, 7, 1, 1, 0);
    const doubted = row(10, 7, 1, 1, 1, false);
    expect(unbalanced([good])).toEqual([]);
    expect(unbalanced([good, lost, doubted])).toEqual([lost, doubted]);
  });

  it("that are wrong say by how much, even where one error hides another", () => {
    const lost = row(1210, 7, 0, 0, 0);
    const invented = row(0, 1203, 0, 0, 0);
    expect(missing(total([lost, invented]))).toBe(0);
    expect(unbalanced([lost, invented])).toHaveLength(2);
    expect(mismatch(lost)).toBe("1,203 received, but nowhere to be found");
    expect(mismatch(invented)).toBe("1,203 more than were received");
    expect(mismatch(row(1, 1, 0, 0, 0, false))).toMatch(/server counts otherwise/);
  });

  it("write large numbers readably", () => {
    expect(count(1234567)).toBe("1,234,567");
  });
});

describe("days", () => {
  const NOW = Date.UTC(2026, 10, 20, 23, 30);

  it("are counted in UTC, today included", () => {
    expect(utcDay(NOW)).toBe("2026-11-20");
    expect(lastDays(7, NOW)).toEqual({ from: "2026-11-14", to: null });
    expect(lastDays(30, NOW)).toEqual({ from: null, to: null });
  });

  it("are known as a preset, asked for by name or by day", () => {
    for (const days of [7, 30, 90] as const) {
      const { from, to } = lastDays(days, NOW);
      expect(presetOf(from, to, NOW)).toBe(days);
    }
    expect(presetOf("2026-11-14", "2026-11-20", NOW)).toBe(7);
    expect(presetOf("2026-11-14", "2026-11-19", NOW)).toBe(null);
    expect(presetOf("2026-11-13", null, NOW)).toBe(null);
  });

  it("read as a span", () => {
    expect(span("2026-10-22T00:00:00Z", "2026-11-20T23:30:00Z")).toBe("22 October to 20 November 2026");
    expect(span("2025-12-31", "2026-01-02")).toBe("31 December 2025 to 2 January 2026");
    expect(span("2026-11-20", "2026-11-20")).toBe("20 November 2026");
    expect(span("soon", "2026-11-20")).toBe("");
  });
});
