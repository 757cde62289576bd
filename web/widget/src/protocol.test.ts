import { describe, expect, it } from "vitest";
import { MAX_CHOICES, MAX_FRAME, parse } from "./protocol";

const entry = {
  t: "entry",
  seq: 7,
  id: "msg_1",
  at: "2026-11-20T10:00:00Z",
  from: { kind: "agent", name: "Ana" },
  text: "Hello",
  format: "markdown",
  choices: [{ id: "3.all_off", label: "All off" }],
  citation: { title: "Router", url: null },
  cid: null,
};
const read = (frame: object): unknown => parse(JSON.stringify(frame));

describe("parse", () => {
  it("reads an entry, its time as milliseconds", () => {
    expect(read(entry)).toEqual({ ...entry, at: Date.UTC(2026, 10, 20, 10) });
  });

  it("reads every other frame of the protocol", () => {
    const limits = { text: 8000 };
    const frames = [
      { t: "welcome", v: 1, token: "tok", conversation: null, reset: false, limits, bot: "Juno" },
      { t: "ack", id: "a" },
      { t: "nack", id: "a", code: "rate_limited", message: "slow", retry_after_ms: 1000 },
      { t: "conversation", conversation: "cnv_1", reset: true },
      { t: "state", handler: { kind: "queue", ahead: 2 }, resolved: false },
      { t: "state", handler: { kind: "agent", name: "Ana" }, resolved: true },
      { t: "typing", on: true, name: "Ana" },
      { t: "error", code: "unknown", message: "what" },
      { t: "ready" },
      { t: "pong" },
    ];
    for (const frame of frames) expect(read(frame)).toEqual(frame);
  });

  it("leaves fields out that the protocol doesn't know", () => {
    expect(read({ t: "pong", extra: 1 })).toEqual({ t: "pong" });
  });

  it("takes absent choices, citation and client id as none", () => {
    const { choices: _, citation: __, cid: ___, ...bare } = entry;
    expect(read(bare)).toMatchObject({ choices: [], citation: null, cid: null });
  });

  it.each([
    ["seq", { ...entry, seq: "7" }],
    ["seq", { ...entry, seq: 0 }],
    ["seq", { ...entry, seq: 1.5 }],
    ["at", { ...entry, at: "yesterday" }],
    ["kind", { ...entry, from: { kind: "robot" } }],
    ["kind", { ...entry, from: { kind: "constructor" } }],
    ["name", { ...entry, from: { kind: "agent" } }],
    ["format", { ...entry, format: "html" }],
    ["label", { ...entry, choices: [{ id: "a", label: 1 }] }],
    ["choices", { ...entry, choices: Array.from({ length: MAX_CHOICES + 1 }, () => ({ id: "a", label: "b" })) }],
    ["title", { ...entry, citation: { url: "https://example.com" } }],
    ["v", { t: "welcome", v: 2, token: "t", conversation: null, reset: false, limits: { text: 1 }, bot: "" }],
    ["ahead", { t: "state", handler: { kind: "queue", ahead: -1 }, resolved: false }],
    ["t", { t: "toString" }],
    ["t", { t: "surprise" }],
  ])("refuses a wrong %s and names it", (name, frame) => {
    expect(read(frame)).toBe(`TypeError: ${name}`);
  });

  it("refuses what is no JSON object, no text, or too long", () => {
    for (const text of ["", "{", "null", "[]", "7", '"entry"']) expect(parse(text)).toBeTypeOf("string");
    expect(parse(new ArrayBuffer(4))).toBeTypeOf("string");
    expect(parse(`{"t":"pong","x":"${"a".repeat(MAX_FRAME)}"}`)).toBe("too long");
  });
});
