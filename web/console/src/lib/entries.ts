// The timeline of one conversation as a list without gaps or doubles, and what can be read from it.
import type { Author, Entry } from "../api/types";
import { isDropped } from "./deliveries";
import { dayOf } from "./time";

/** Older and newer entries made one list: ordered by place, each place once, the later reading wins. */
export function merge(known: readonly Entry[], incoming: readonly Entry[]): Entry[] {
  if (incoming.length === 0) return known as Entry[];
  const first = incoming[0];
  const last = known.at(-1);
  const ordered = incoming.every((entry, at) => at === 0 || (incoming[at - 1]?.seq ?? 0) < entry.seq);
  if (ordered && first && (!last || last.seq < first.seq)) return [...known, ...incoming];
  const bySeq = new Map(known.map((entry) => [entry.seq, entry]));
  for (const entry of incoming) bySeq.set(entry.seq, entry);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** The last place that is loaded; 0 when nothing is. */
export function lastSeq(entries: readonly Entry[]): number {
  return entries.at(-1)?.seq ?? 0;
}

/** The place from which to read again so that changed deliveries are seen: before the oldest that can still change. */
export function unsettledFrom(entries: readonly Entry[], window = 60): number {
  const recent = entries.slice(-window);
  // One that failed may be tried again, by a colleague too; what was dropped stays as it is.
  const open = recent.find(({ delivery }) => delivery && delivery.state !== "seen" && !isDropped(delivery));
  return open ? open.seq - 1 : lastSeq(entries);
}

/** Messages of the contact or of others that stand after a place: what an agent who looked there has not seen. */
export function newerThan(entries: readonly Entry[], seq: number): Entry[] {
  return entries.filter((entry) => entry.seq > seq && entry.kind === "message");
}

/** For each entry with choices (by place) the choice that was taken, wherever the API wrote it. */
export function chosen(entries: readonly Entry[]): Map<number, string> {
  const found = new Map<number, string>();
  const asked = new Map<string, number>();
  for (const entry of entries) {
    const choices = entry.content?.choices ?? [];
    for (const choice of choices) asked.set(choice.id, entry.seq);
    if (!entry.chosen) continue;
    const question = choices.some((choice) => choice.id === entry.chosen) ? entry.seq : asked.get(entry.chosen);
    if (question !== undefined) found.set(question, entry.chosen);
  }
  return found;
}

export type Item =
  | { kind: "day"; key: string; at: string }
  | { kind: "message"; key: string; entry: Entry; continues: boolean }
  | { kind: "note"; key: string; entry: Entry }
  | { kind: "logs"; key: string; entries: Entry[] };

/** Messages of one author this close together share one heading. */
const TOGETHER_MS = 4 * 60_000;

/** The timeline as it is shown: day headings, messages with or without their author, logs in a row together. */
export function items(entries: readonly Entry[]): Item[] {
  const found: Item[] = [];
  let day = "";
  for (const entry of entries) {
    const today = dayOf(entry.at);
    if (today !== day) {
      day = today;
      found.push({ kind: "day", key: `day-${today}-${entry.seq}`, at: entry.at });
    }
    const last = found.at(-1);
    const key = `${entry.kind}-${entry.seq}`;
    if (entry.kind === "log") {
      if (last?.kind === "logs") last.entries.push(entry);
      else found.push({ kind: "logs", key, entries: [entry] });
    } else if (entry.kind === "note") {
      found.push({ kind: "note", key, entry });
    } else {
      const continues =
        last?.kind === "message" &&
        sameAuthor(last.entry.author, entry.author) &&
        Date.parse(entry.at) - Date.parse(last.entry.at) < TOGETHER_MS;
      found.push({ kind: "message", key, entry, continues });
    }
  }
  return found;
}

function sameAuthor(a: Author, b: Author): boolean {
  return a.kind === b.kind && (a.id ?? a.name ?? "") === (b.id ?? b.name ?? "");
}
