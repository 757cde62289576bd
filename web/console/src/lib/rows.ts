// The lists of conversations: pages joined without doubles, in the order each view promises.
import type { Handler, Row, View } from "../api/types";

/** Pages made one list: each conversation once, the higher version wins, ordered as the view promises. */
export function join(view: View, known: readonly Row[], incoming: readonly Row[]): Row[] {
  const byId = new Map(known.map((row) => [row.id, row]));
  for (const row of incoming) {
    const old = byId.get(row.id);
    if (!old || old.version <= row.version) byId.set(row.id, row);
  }
  return order(view, [...byId.values()]);
}

/** Waiting: who has waited longest first. Others: the newest message first. */
export function order(view: View, rows: readonly Row[]): Row[] {
  const key = (row: Row) => Date.parse((view === "waiting" ? row.waiting_since : row.last_message_at) ?? "") || 0;
  const sign = view === "waiting" ? 1 : -1;
  return [...rows].sort((a, b) => sign * (key(a) - key(b)) || a.number - b.number);
}

/** One row replaced by a change of some of its fields. */
export function patch(rows: readonly Row[], id: string, change: Partial<Row>): Row[] {
  return rows.map((row) => (row.id === id ? { ...row, ...change } : row));
}

/** The conversation above or below; from none the first or the last. */
export function neighbour(rows: readonly Row[], id: string | null, step: 1 | -1): string | null {
  const at = rows.findIndex((row) => row.id === id);
  if (at < 0) return (step === 1 ? rows[0] : rows.at(-1))?.id ?? null;
  return rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.id ?? null;
}

/** Who holds the turn, in words; `me` becomes "You". */
export function holder(handler: Handler, me: string | null, botName: string): string {
  switch (handler.kind) {
    case "bot":
      return botName;
    case "queue":
      return `Waits for ${handler.team}`;
    case "agent":
      return handler.agent.id === me ? "You" : handler.agent.name;
  }
}
