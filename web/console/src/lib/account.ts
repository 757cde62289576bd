// The account of what came in: sums, what is missing, and the days that are counted.
import type { LedgerRow } from "../api/types";

/** What received must be the sum of, with the word for each. */
export const PARTS = [
  { name: "filed", word: "filed" },
  { name: "duplicate", word: "duplicate" },
  { name: "filtered", word: "filtered" },
  { name: "quarantined", word: "in quarantine" },
] as const;

export type Account = Pick<LedgerRow, "received" | "filed" | "duplicate" | "filtered" | "quarantined">;

/** Every account in one. */
export function total(rows: readonly Account[]): Account {
  const sum = (name: keyof Account) => rows.reduce((all, row) => all + row[name], 0);
  return { received: sum("received"), filed: sum("filed"), duplicate: sum("duplicate"), filtered: sum("filtered"), quarantined: sum("quarantined") };
}

/** How many came in and are nowhere; below zero: how many are somewhere and never came in. */
export function missing(row: Account): number {
  return PARTS.reduce((left, { name }) => left - row[name], row.received);
}

/** The accounts that don't balance, by the server's word or by the sum on the page: one of them is enough for alarm. */
export function unbalanced<Row extends Account & { balanced: boolean }>(rows: readonly Row[]): Row[] {
  return rows.filter((row) => !row.balanced || missing(row) !== 0);
}

/** What is wrong with an account that does not balance. */
export function mismatch(row: Account): string {
  const gap = missing(row);
  if (gap > 0) return `${count(gap)} received, but nowhere to be found`;
  if (gap < 0) return `${count(-gap)} more than were received`;
  return "the numbers add up, yet the server counts otherwise";
}

/** `12345` as "12,345". */
export function count(number: number): string {
  return number.toLocaleString("en");
}

export const PRESETS = [7, 30, 90] as const;
const DAY_MS = 86_400_000;
/** What the server counts when it is given no days. */
const DAYS_UNASKED = 30;

/** The day in UTC, as the account counts days: "2026-11-20". */
export function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The last days up to today. Open at the end, so that tomorrow it means tomorrow. */
export function lastDays(days: number, now: number): { from: string | null; to: null } {
  return { from: days === DAYS_UNASKED ? null : utcDay(now - (days - 1) * DAY_MS), to: null };
}

/** Which preset the days are, if any. */
export function presetOf(from: string | null, to: string | null, now: number): (typeof PRESETS)[number] | null {
  if (to !== null && to !== utcDay(now)) return null;
  return PRESETS.find((days) => (from ?? lastDay(DAYS_UNASKED, now)) === lastDay(days, now)) ?? null;
}

function lastDay(days: number, now: number): string {
  return utcDay(now - (days - 1) * DAY_MS);
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
const yearFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** The days from and to in words: "22 October to 20 November 2026". */
export function span(from: string, to: string): string {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(first) || Number.isNaN(last)) return "";
  const sameYear = utcDay(first).slice(0, 4) === utcDay(last).slice(0, 4);
  return utcDay(first) === utcDay(last) ? yearFormat.format(first) : `${(sameYear ? dayFormat : yearFormat).format(first)} to ${yearFormat.format(last)}`;
}
