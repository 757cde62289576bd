import { describe, expect, it } from "vitest";
import type { Circuit, Targets } from "../api/types";
import { counts, nextTry, paused, toldAdmin, toldAgent } from "./targets";

const at = (hour: number, minute: number) => new Date(2026, 10, 20, hour, minute).toISOString();
const NOW = new Date(2026, 10, 20, 14, 10).getTime();
const circuit: Circuit = { since: at(13, 50), retry_at: at(14, 20), error: "connection refused", failures: 8 };
const inbox = (name: string, held: Circuit | null = null) => ({ id: `inb_${name}`, slug: name, name, kind: "email", pending: 2, failed: 1, uncertain: 4, circuit: held });
const webhook = (held: Circuit | null = null) => ({ name: "crm", url_host: "hooks.example", pending: 1, failed: 3, circuit: held });
const only = (...data: Targets["data"]): Targets => ({ data, webhooks: [] });

describe("paused", () => {
  it("is nothing while everything is sending, or nothing is known", () => {
    expect(paused(null)).toEqual([]);
    expect(paused({ data: [inbox("Mail")], webhooks: [webhook()] })).toEqual([]);
    expect(toldAgent([])).toBe(null);
    expect(toldAdmin([], NOW)).toBe(null);
  });

  it("tells an agent that nothing is lost, and nothing of webhooks", () => {
    expect(toldAgent(paused(only(inbox("Mail", circuit))))?.what).toBe("Mail can’t send at the moment. What you write is kept and goes out by itself.");
    expect(toldAgent(paused({ data: [], webhooks: [webhook(circuit)] }))).toBe(null);
  });

  it("tells an admin since when, why and when next", () => {
    const told = toldAdmin(paused(only(inbox("Mail", circuit))), NOW);
    expect(told?.what).toBe("Mail has been paused since 13:50.");
    expect(told?.more).toBe("The last try said: connection refused. Next try at 14:20; messages are kept.");
    expect(toldAdmin(paused({ data: [inbox("Mail", circuit)], webhooks: [webhook(circuit)] }), NOW)?.what).toBe("Mail and Webhook crm are paused.");
  });

  it("does not promise a time that is past", () => {
    expect(nextTry({ ...circuit, retry_at: at(14, 10) }, NOW)).toBe("It is being tried right now");
  });
});

describe("counts", () => {
  it("are what each filter would show, webhooks too", () => {
    expect(counts({ data: [inbox("Mail"), inbox("Web")], webhooks: [webhook()] })).toEqual({ stuck: 13, failed: 5, uncertain: 8, pending: 5 });
    expect(counts(null)).toEqual({ stuck: 0, failed: 0, uncertain: 0, pending: 0 });
  });
});
