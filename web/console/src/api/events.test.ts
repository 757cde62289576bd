import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Live, type LiveHandlers } from "./events";

class FakeSource extends EventTarget {
  readyState = 0;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
  }

  close() {
    this.closed = true;
    this.readyState = 2;
  }

  say(type: string, data: unknown, lastEventId = "") {
    this.readyState = 1;
    this.dispatchEvent(Object.assign(new Event(type), { data: typeof data === "string" ? data : JSON.stringify(data), lastEventId }));
  }

  fail(readyState: number) {
    this.readyState = readyState;
    this.onerror?.();
  }
}

describe("Live", () => {
  const sources: FakeSource[] = [];
  const last = () => sources.at(-1) as FakeSource;
  let heard: string[];
  let live: Live;

  beforeEach(() => {
    vi.useFakeTimers();
    sources.length = 0;
    heard = [];
    const handlers: LiveHandlers = {
      change: (event) => heard.push(`change ${event.conversation} ${event.reasons.join()}`),
      presence: () => heard.push("presence"),
      contactTyping: () => heard.push("typing"),
      notice: () => heard.push("notice"),
      connected: (gap) => heard.push(gap ? "gap" : "first"),
      disconnected: () => heard.push("lost"),
      refused: () => heard.push("refused"),
    };
    live = new Live(handlers, (url) => {
      sources.push(new FakeSource(url));
      return last() as unknown as EventSource;
    });
    live.start();
  });

  afterEach(() => {
    live.stop();
    vi.useRealTimers();
  });

  it("passes events on and drops what it can't read", () => {
    last().say("hello", { seq: 5 });
    last().say("change", { conversation: "cnv_1", reasons: ["message"] }, "6");
    last().say("change", "{broken", "7");
    expect(heard).toEqual(["first", "change cnv_1 message"]);
  });

  it("says after a reconnect that something may have been missed", () => {
    last().say("hello", { seq: 5 });
    last().fail(0);
    last().say("hello", { seq: 9 });
    expect(heard).toEqual(["first", "lost", "gap"]);
  });

  it("opens again after a refusal, from the last event it heard", () => {
    last().say("hello", { seq: 5 });
    last().say("change", { conversation: "cnv_1", reasons: [] }, "12");
    last().fail(2);
    expect(heard.slice(-2)).toEqual(["lost", "refused"]);
    vi.advanceTimersByTime(1000);
    expect(sources).toHaveLength(2);
    expect(last().url).toBe("/api/v1/events?after=12");
  });

  it("forgets its place on a resync", () => {
    last().say("hello", { seq: 5 });
    last().say("resync", {});
    last().fail(2);
    vi.advanceTimersByTime(1000);
    expect(heard).toContain("gap");
    expect(last().url).toBe("/api/v1/events");
  });

  it("does not wait when it is nudged, and leaves an open stream alone", () => {
    last().say("hello", { seq: 5 });
    live.nudge();
    expect(sources).toHaveLength(1);
    last().fail(2);
    live.nudge();
    expect(sources).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(2);
  });
});
