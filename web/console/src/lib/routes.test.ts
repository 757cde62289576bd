import { describe, expect, it } from "vitest";
import { address, parse, type Route } from "./routes";

describe("routes", () => {
  const routes: Route[] = [
    { page: "desk", view: "waiting", conversation: null },
    { page: "desk", view: "mine", conversation: "cnv_01J" },
    { page: "invite", token: "a+b/c" },
    { page: "articles" },
    { page: "article", lang: "en", slug: "reset-password" },
    { page: "new-article", question: "why & how?", lang: "de" },
    { page: "flows" },
    { page: "flow", name: "new" },
    { page: "new-flow" },
    { page: "bot-book" },
    { page: "unanswered" },
    { page: "try", question: "wo?" },
    { page: "agents" },
    { page: "ledger", from: "2026-01-01", to: null, item: null },
    { page: "ledger", from: null, to: null, item: "12" },
    { page: "deliveries", state: "stuck" },
    { page: "deliveries", state: "uncertain" },
  ];

  it("survive the way to an address and back", () => {
    for (const route of routes) expect(parse(address(route))).toEqual(route);
  });

  it("begin at the waiting list", () => {
    for (const start of ["/console", "/console/"]) expect(parse(start)).toEqual(routes[0]);
  });

  it("say so when there is no such page", () => {
    for (const wrong of ["/console/x", "/console/mine/a/b", "/console/knowledge/x", "/other", "/console/agents/1"]) {
      expect(parse(wrong)).toEqual({ page: "missing" });
    }
  });

  it("show what is stuck when the filter is unknown", () => {
    expect(parse("/console/deliveries?state=lost")).toEqual({ page: "deliveries", state: "stuck" });
  });

  it("take a broken escape as it is", () => {
    expect(parse("/console/open/%E0%A4%A")).toEqual({ page: "desk", view: "open", conversation: "%E0%A4%A" });
  });
});
