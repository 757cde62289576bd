// Times in words. Every function takes `now`, so that a page full of times agrees and tests need no clock.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LOCALE = "en-GB";

const clockFormat = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const weekdayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const dayFormat = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const yearFormat = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const headingFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const headingYearFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const fullFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" });

/** "now", "4 min", "3 h", then the weekday, then the date. */
export function ago(at: string | null, now: number): string {
  const time = parse(at);
  if (time === null) return "";
  const past = now - time;
  if (past < MINUTE) return "now";
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
  if (past < 12 * HOUR || dayOf(time) === dayOf(now)) return `${Math.floor(past / HOUR)} h`;
  if (past < 6 * DAY) return weekdayFormat.format(time);
  return sameYear(time, now) ? dayFormat.format(time) : yearFormat.format(time);
}

/** How long something has lasted: "under 1 min", "12 min", "1 h 05 min", "2 d 3 h". */
export function lasted(since: string | null, now: number): string {
  const time = parse(since);
  if (time === null) return "";
  const past = Math.max(0, now - time);
  if (past < MINUTE) return "under 1 min";
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
  if (past < DAY) return `${Math.floor(past / HOUR)} h ${String(Math.floor((past % HOUR) / MINUTE)).padStart(2, "0")} min`;
  return `${Math.floor(past / DAY)} d ${Math.floor((past % DAY) / HOUR)} h`;
}

/** The time of day, "14:05". */
export function clock(at: string | null): string {
  const time = parse(at);
  return time === null ? "" : clockFormat.format(time);
}

/** A short date with its time: "14:05" today, else "12 Nov, 14:05". */
export function moment(at: string | null, now: number): string {
  const time = parse(at);
  if (time === null) return "";
  if (dayOf(time) === dayOf(now)) return clockFormat.format(time);
  return `${(sameYear(time, now) ? dayFormat : yearFormat).format(time)}, ${clockFormat.format(time)}`;
}

/** Everything, for a title. */
export function full(at: string | null): string {
  const time = parse(at);
  return time === null ? "" : fullFormat.format(time);
}

/** The heading over a day of a transcript. */
export function dayHeading(at: string, now: number): string {
  const time = parse(at);
  if (time === null) return "Unknown day";
  const day = dayOf(time);
  if (day === dayOf(now)) return "Today";
  if (day === dayOf(now - DAY)) return "Yesterday";
  return (sameYear(time, now) ? headingFormat : headingYearFormat).format(time);
}

/** A key for the local calendar day. */
export function dayOf(at: string | number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}

function parse(at: string | null): number | null {
  const time = at === null ? NaN : Date.parse(at);
  return Number.isNaN(time) ? null : time;
}
