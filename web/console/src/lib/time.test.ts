import { describe, expect, it } from "vitest";
import { ago, clock, dayHeading, full, lasted, moment } from "./time";

// Local times: the tests hold in every time zone.
const at = (day: number, hour: number, minute = 0, second = 0) => new Date(2026, 2, day, hour, minute, second).toISOString();
const NOW = new Date(2026, 2, 18, 15, 30).getTime();

describe("ago", () => {
  it("grows coarser with age", () => {
    expect(ago(at(18, 15, 29, 30), NOW)).toBe("now");
    expect(ago(at(18, 15, 26), NOW)).toBe("4 min");
    expect(ago(at(18, 12, 10), NOW)).toBe("3 h");
    expect(ago(at(16, 12), NOW)).toBe("Mon");
    expect(ago(at(2, 12), NOW)).toBe("2 Mar");
    expect(ago(new Date(2025, 2, 2).toISOString(), NOW)).toBe("2 Mar 2025");
  });

  it("takes a clock that runs ahead for now, and nothing for nothing", () => {
    expect(ago(at(18, 15, 31), NOW)).toBe("now");
    expect(ago(null, NOW)).toBe("");
    expect(ago("soon", NOW)).toBe("");
  });
});

describe("lasted", () => {
  it("tells how long", () => {
    expect(lasted(at(18, 15, 29, 30), NOW)).toBe("under 1 min");
    expect(lasted(at(18, 15, 18), NOW)).toBe("12 min");
    expect(lasted(at(18, 14, 25), NOW)).toBe("1 h 05 min");
    expect(lasted(at(16, 12, 30), NOW)).toBe("2 d 3 h");
    expect(lasted(at(18, 16), NOW)).toBe("under 1 min");
  });
});

describe("dates", () => {
  it("names the day", () => {
    expect(dayHeading(at(18, 0), NOW)).toBe("Today");
    expect(dayHeading(at(17, 23, 59), NOW)).toBe("Yesterday");
    expect(dayHeading(at(9, 8), NOW)).toBe("Monday 9 March");
    expect(dayHeading(new Date(2025, 2, 9).toISOString(), NOW)).toContain("2025");
    expect(dayHeading("never", NOW)).toBe("Unknown day");
  });

  it("shows the time, with the date when it is another day", () => {
    expect(clock(at(18, 9, 5))).toBe("09:05");
    expect(moment(at(18, 9, 5), NOW)).toBe("09:05");
    expect(moment(at(2, 9, 5), NOW)).toBe("2 Mar, 09:05");
    expect(full(at(18, 9, 5))).toContain("18 March 2026");
  });
});
