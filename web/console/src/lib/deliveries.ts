// Deliveries that are stuck: which can be tried again, what trying several came to, and what the list shows meanwhile.
import { codeOf, wordsFor } from "../api/problem";
import type { Delivery, OutboxFilter, OutboxRow } from "../api/types";

/** Waits for a person: it goes nowhere by itself. */
export function isStuck(row: OutboxRow): boolean {
  return row.state === "failed" || row.state === "uncertain";
}

/** A person has decided that it is not sent; the words of its error say who, and why. */
export function isDropped(delivery: Delivery): boolean {
  return /^dropped by /i.test(delivery.error ?? "");
}

/** What trying again came to. */
export interface Outcome {
  /** On their way again. */
  rows: OutboxRow[];
  /** Perhaps delivered already, and the channel would not know the repetition: a person has to say so. */
  asks: string[];
  /** No longer stuck when they were asked for: a colleague was faster. */
  settled: string[];
  /** Refused, in words. */
  errors: string[];
}

/** Tries each again, one after the other, in the order they were written. */
export async function retryEach(
  ids: readonly string[],
  evenIfDelivered: boolean,
  retry: (id: string, evenIfDelivered: boolean) => Promise<OutboxRow>,
): Promise<Outcome> {
  const outcome: Outcome = { rows: [], asks: [], settled: [], errors: [] };
  for (const id of ids) {
    try {
      outcome.rows.push(await retry(id, evenIfDelivered));
    } catch (error) {
      const code = codeOf(error);
      if (code === "perhaps_delivered") outcome.asks.push(id);
      else if (code === "not_stuck" || code === "not_found") outcome.settled.push(id);
      else {
        outcome.errors.push(wordsFor(error));
        // Without a connection the others would fail as well, each after its own wait.
        if (code === "network") break;
      }
    }
  }
  return outcome;
}

/** What came of it in one line; empty when all that is left is a question. */
export function told({ rows, settled, errors }: Outcome): string {
  const parts: string[] = [];
  if (rows.length > 0) parts.push(rows.length === 1 ? "On its way again." : `${rows.length} are on their way again.`);
  if (settled.length > 0) parts.push(settled.length === 1 ? "A colleague was faster: it is no longer stuck." : `${settled.length} were no longer stuck.`);
  const [first] = errors;
  if (first !== undefined) parts.push(errors.length === 1 ? first : `${errors.length} could not be tried again: ${first}`);
  return parts.join(" ");
}

/** The list as read again. What was settled on this page stays where it was, or the eye and the keyboard lose their place. */
export function refreshed(found: readonly OutboxRow[], settled: ReadonlyMap<string, OutboxRow>): OutboxRow[] {
  const present = new Set(found.map(({ id }) => id));
  const stay = [...settled.values()].filter(({ id }) => !present.has(id));
  if (stay.length === 0) return [...found];
  return [...found, ...stay].sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1));
}

/** Pages made one list: each delivery once. */
export function joined(known: readonly OutboxRow[], incoming: readonly OutboxRow[]): OutboxRow[] {
  const present = new Set(known.map(({ id }) => id));
  return [...known, ...incoming.filter(({ id }) => !present.has(id))];
}

export const FILTER: Record<OutboxFilter, { label: string; none: string }> = {
  stuck: { label: "Stuck", none: "Nothing is stuck" },
  failed: { label: "Not delivered", none: "Nothing failed" },
  uncertain: { label: "Perhaps delivered", none: "Nothing is uncertain" },
  pending: { label: "On their way", none: "Nothing is on its way" },
};
