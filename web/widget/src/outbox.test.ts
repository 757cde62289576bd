import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_QUEUED, newId, outbox, type Outbox, type Outgoing } from "./outbox";
import type { ClientFrame } from "./protocol";
import { keep } from "./storage";

const PREFIX = "switchboard:test:";
let sent: ClientFrame[];
let connected: boolean;
let stuck: number;
let shown: readonly Outgoing[];

function make(): Outbox {
  return outbox(keep(PREFIX), {
    send(frame) {
      if (connected) sent.push(frame);
      return connected;
    },
    stuck: () => void (stuck += 1),
    changed: (items) => void (shown = items),
  });
}
const texts = (): unknown[] => sent.map((frame) => ("text" in frame ? frame.text : frame.t));
const ids = (): string[] => sent.map((frame) => ("id" in frame ? frame.id : ""));
const last = (): string => ids().at(-1) ?? "";
const states = (): string[] => shown.map(({ state }) => state);

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  sent = [];
  shown = [];
  connected = true;
  stuck = 0;
});
afterEach(() => vi.useRealTimers());

describe("outbox", () => {
  it("sends one at a time, in order, each after the ack of the one before", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    box.add("send", "two");
    box.add("choose", "Yes", "3.yes");
    expect(texts()).toEqual(["one"]);
    box.acked(last());
    expect(texts()).toEqual(["one", "two"]);
    box.acked(last());
    expect(sent[2]).toMatchObject({ t: "choose", choice: "3.yes", label: "Yes" });
  });

  it("waits while there is no connection and sends when it is there", () => {
    const box = make();
    box.add("send", "typed offline");
    expect(sent).toEqual([]);
    expect(states()).toEqual(["queued"]);
    box.up();
    expect(texts()).toEqual(["typed offline"]);
  });

  it("sends what was not acked again with the same id after the next welcome", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    const id = last();
    box.down();
    expect(states()).toEqual(["queued"]);
    box.up();
    expect(ids()).toEqual([id, id]);
  });

  it("survives a reload with order and ids", () => {
    const box = make();
    box.add("send", "one");
    box.add("choose", "Yes", "3.yes");
    const before = box.items().map(({ id, text, choice }) => [id, text, choice]);
    const again = make();
    expect(again.items().map(({ id, text, choice }) => [id, text, choice])).toEqual(before);
    again.up();
    expect(ids()).toEqual([before[0]?.[0]]);
  });

  it("forgets an acked message in storage at once, but shows it until its entry is there", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    box.acked(last());
    expect(states()).toEqual(["sent"]);
    expect(make().items()).toEqual([]);
    box.settle(last());
    expect(box.items()).toEqual([]);
  });

  it("takes an entry with its id for an ack that was lost", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    box.add("send", "two");
    box.settle(last());
    expect(texts()).toEqual(["one", "two"]);
    expect(make().items().map(({ text }) => text)).toEqual(["two"]);
  });

  it("keeps a message the server has no room for and tries again when told", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    box.nacked(last(), "rate_limited", 700);
    box.add("send", "two");
    vi.advanceTimersByTime(699);
    expect(texts()).toEqual(["one"]);
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual(["one", "one"]);
  });

  it("shows a refused message as failed over a reload, lets the next one pass, and retries by hand", () => {
    const box = make();
    box.up();
    box.add("send", "bad");
    const bad = last();
    box.add("send", "good");
    box.nacked(bad, "too_long", null);
    expect(states()).toEqual(["failed", "sending"]);
    expect(make().items()[0]?.state).toBe("failed");
    box.acked(last());
    box.retry(bad);
    expect(last()).toBe(bad);
  });

  it("does not let a late nack undo an ack", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    box.acked(last());
    box.nacked(last(), "too_long", null);
    expect(states()).toEqual(["sent"]);
  });

  it("reports a connection on which no ack comes, and only such a one", () => {
    const box = make();
    box.up();
    box.add("send", "one");
    vi.advanceTimersByTime(19_000);
    box.acked(last());
    vi.advanceTimersByTime(60_000);
    expect(stuck).toBe(0);
    box.add("send", "two");
    vi.advanceTimersByTime(21_000);
    expect(stuck).toBe(1);
  });

  it("lets go of what another tab settled, and takes up what it left", () => {
    const one = make();
    one.add("send", "mine");
    const other = make();
    other.add("send", "theirs");
    other.settle(one.items()[0]?.id ?? "");
    one.sync();
    expect(one.items()).toEqual([]);
    one.up();
    expect(texts()).toEqual(["theirs"]);
  });

  it("takes no more than its limit", () => {
    const box = make();
    for (let i = 0; i < MAX_QUEUED; i += 1) expect(box.add("send", "x")).toBe(true);
    expect(box.add("send", "one more")).toBe(false);
    expect(box.items().length).toBe(MAX_QUEUED);
  });

  it("ignores what somebody else wrote into its place", () => {
    for (const json of ["", "{", "null", "[]", '{"kind":"send","text":7,"at":1}', '{"kind":"steal","text":"x","at":1}', '{"kind":"choose","text":"x","at":1}'])
      localStorage.setItem(`${PREFIX}out.${newId()}`, json);
    localStorage.setItem(`${PREFIX}out.<b>`, '{"kind":"send","text":"x","at":1}');
    expect(make().items()).toEqual([]);
  });

  it("forgets everything on reset", () => {
    const box = make();
    box.add("send", "secret");
    box.clear();
    expect(make().items()).toEqual([]);
    expect(localStorage.length).toBe(0);
  });
});

describe("newId", () => {
  it("makes ids the protocol takes, with and without randomUUID", () => {
    expect(newId()).toMatch(/^[\w-]{8,64}$/);
    const { randomUUID } = crypto;
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    try {
      expect(newId()).toMatch(/^[0-9a-f]{32}$/);
      expect(newId()).not.toBe(newId());
    } finally {
      Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true });
    }
  });
});
