import { describe, expect, it, vi } from "vitest";
import { Api, query, readEntry } from "./client";
import { ApiError } from "./problem";
import type { Entry } from "./types";

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetcher = vi.fn(async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
  });
  return { api: new Api(fetcher as unknown as typeof fetch), calls };
}

async function failure(run: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await run.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("requests", () => {
  it("sends a reply with its key, the seen place and JSON", async () => {
    const { api, calls } = answering(201, { seq: 8, id: "msg_1" });
    await api.reply("cnv_1", { text: "Hi", seen_seq: 7, anyway: false }, "key-1");
    expect(calls[0]?.url).toBe("/api/v1/conversations/cnv_1/reply");
    expect(calls[0]?.init.method).toBe("POST");
    expect(calls[0]?.init.headers).toMatchObject({ "Idempotency-Key": "key-1", "Content-Type": "application/json" });
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ text: "Hi", seen_seq: 7, anyway: false });
  });

  it("puts the act into the address, not into the body", async () => {
    const { api, calls } = answering(200, {});
    await api.act("cnv_1", { act: "transfer", team: "billing", note: "please" });
    expect(calls[0]?.url).toBe("/api/v1/conversations/cnv_1/transfer");
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ team: "billing", note: "please" });
  });

  it("guards a save by the version it read, and a new file by its absence", async () => {
    const { api, calls } = answering(200, { source: "", version: 5 });
    await api.saveArticle("a-b", "en", "text", 4);
    await api.saveFlow("new-one", "flow: new-one", null);
    expect(calls[0]?.init.headers).toMatchObject({ "If-Match": '"4"' });
    expect(calls[1]?.init.headers).toMatchObject({ "If-None-Match": "*" });
    expect(calls[1]?.init.headers).not.toHaveProperty("If-Match");
  });

  it("escapes what goes into an address", async () => {
    const { api, calls } = answering(200, {});
    await api.conversation("../agents?x=1");
    expect(calls[0]?.url).toBe("/api/v1/conversations/..%2Fagents%3Fx%3D1");
    expect(query({ view: "open", after: null, limit: 50, note: "a&b" })).toBe("view=open&limit=50&note=a%26b");
  });

  it("takes an empty answer", async () => {
    const { api } = answering(204, null);
    await expect(api.signOut()).resolves.toBeUndefined();
  });
});

describe("deliveries", () => {
  it("are asked for by state, page after page", async () => {
    const { api, calls } = answering(200, { data: [{ id: "dlv_1" }], next_cursor: "abc" });
    await expect(api.outbox("stuck", null, 50)).resolves.toEqual({ data: [{ id: "dlv_1" }], next: "abc" });
    await api.outbox("pending", "abc", 50);
    expect(calls.map(({ url }) => url)).toEqual(["/api/v1/outbox?state=stuck&limit=50", "/api/v1/outbox?state=pending&cursor=abc&limit=50"]);
  });

  it("say whether they may go out twice", async () => {
    const { api, calls } = answering(200, {});
    await api.retryDelivery("dlv_1", false);
    await api.dropDelivery("dlv_1", "by phone");
    expect(calls.map(({ url, init }) => [init.method, url, JSON.parse(String(init.body))])).toEqual([
      ["POST", "/api/v1/outbox/dlv_1/retry", { even_if_delivered: false }],
      ["POST", "/api/v1/outbox/dlv_1/drop", { reason: "by phone" }],
    ]);
  });
});

describe("errors", () => {
  it("keeps code, detail and places of a problem", async () => {
    const problem = { title: "Invalid", detail: "The flow has 1 error", code: "validation", errors: [{ line: 3, column: 9, detail: "unknown key" }] };
    const { api } = answering(422, problem);
    const error = await failure(api.saveBotBook("x", 1));
    expect(error.code).toBe("validation");
    expect(error.problem.errors).toEqual([{ line: 3, column: 9, detail: "unknown key" }]);
  });

  it("calls an answer that is no JSON unreadable", async () => {
    const api = new Api((async () => new Response("<html>", { status: 200 })) as unknown as typeof fetch);
    expect((await failure(api.counts())).code).toBe("unreadable");
  });

  it("calls a request without an answer a network error", async () => {
    const api = new Api((() => Promise.reject(new TypeError("failed"))) as unknown as typeof fetch);
    expect((await failure(api.counts())).code).toBe("network");
  });

  it("tells of an ended session, but not when signing in", async () => {
    const { api } = answering(401, { code: "unauthorized" });
    const told = vi.fn();
    api.onUnauthorized = told;
    await failure(api.signIn("a@b.example", "wrong"));
    expect(told).not.toHaveBeenCalled();
    await failure(api.counts());
    expect(told).toHaveBeenCalledOnce();
  });

  it("passes on how long to wait", async () => {
    const { api } = answering(429, { code: "too_many_attempts" }, { "Retry-After": "30" });
    expect((await failure(api.signIn("a@b.example", "x"))).problem.retryAfterSeconds).toBe(30);
  });
});

describe("logs", () => {
  const entry = (log: unknown): Entry => ({ seq: 1, id: "e", at: "2026-01-01T00:00:00Z", kind: "log", author: { kind: "system" }, log: log as Entry["log"] & object });

  it("have one shape, flat or nested", () => {
    const flat = { what: "handed_off", team: "support", why: "asked" };
    expect(readEntry(entry(flat)).log).toEqual(flat);
    expect(readEntry(entry({ what: { what: "handed_off", team: "support" }, why: "asked" })).log).toEqual(flat);
  });
});
