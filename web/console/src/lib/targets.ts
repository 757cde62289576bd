// Where deliveries go, and what stands still there, in words.
import type { Circuit, OutboxFilter, Targets } from "../api/types";
import { moment } from "./time";
import { list } from "./words";

/** An inbox or a webhook that fails as a whole: nothing is sent but a try now and then. */
export interface Paused {
  /** The inbox's id; null for a webhook. */
  inbox: string | null;
  name: string;
  circuit: Circuit;
}

export function paused(targets: Targets | null): Paused[] {
  const inboxes = (targets?.data ?? []).flatMap(({ id, name, circuit }) => (circuit ? [{ inbox: id, name, circuit }] : []));
  const webhooks = (targets?.webhooks ?? []).flatMap(({ name, circuit }) => (circuit ? [{ inbox: null, name: `Webhook ${name}`, circuit }] : []));
  return [...inboxes, ...webhooks];
}

/** How many deliveries each filter of the list would show. */
export function counts(targets: Targets | null): Record<OutboxFilter, number> {
  const all = [...(targets?.data ?? []), ...(targets?.webhooks ?? []).map((webhook) => ({ ...webhook, uncertain: 0 }))];
  const sum = (name: "pending" | "failed" | "uncertain") => all.reduce((total, target) => total + target[name], 0);
  return { stuck: sum("failed") + sum("uncertain"), failed: sum("failed"), uncertain: sum("uncertain"), pending: sum("pending") };
}

/** The banner: what is the matter, and what more there is to know where there is room for it. */
export interface Told {
  what: string;
  more: string;
}

/** What an agent has to know: which, and that nothing is lost. Webhooks are nothing they could act on. */
export function toldAgent(all: readonly Paused[]): Told | null {
  const names = all.filter(({ inbox }) => inbox !== null).map(({ name }) => name);
  if (names.length === 0) return null;
  return { what: `${list(names)} can’t send at the moment. What you write is kept and goes out by itself.`, more: "" };
}

/** What an admin has to know: since when, why, and when it is tried next. */
export function toldAdmin(all: readonly Paused[], now: number): Told | null {
  const [first] = all;
  if (!first) return null;
  if (all.length > 1) return { what: `${list(all.map(({ name }) => name))} are paused.`, more: "Every try fails; messages are kept." };
  const { since, error } = first.circuit;
  return {
    what: `${first.name} has been paused since ${moment(since, now)}.`,
    more: `${error === "" ? "Every try fails" : `The last try said: ${error}`}. ${nextTry(first.circuit, now)}; messages are kept.`,
  };
}

/** "Next try at 14:20", or that it is about to be. */
export function nextTry({ retry_at }: Circuit, now: number): string {
  return Date.parse(retry_at) <= now ? "It is being tried right now" : `Next try at ${moment(retry_at, now)}`;
}
