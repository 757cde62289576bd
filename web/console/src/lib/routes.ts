// Addresses of the console: one for every view, conversation and page.
import type { OutboxFilter, View } from "../api/types";

export type Route =
  | { page: "desk"; view: View; conversation: string | null }
  | { page: "invite"; token: string }
  | { page: "articles" }
  | { page: "article"; lang: string; slug: string }
  | { page: "new-article"; question: string | null; lang: string | null }
  | { page: "flows" }
  | { page: "flow"; name: string }
  | { page: "new-flow" }
  | { page: "bot-book" }
  | { page: "unanswered" }
  | { page: "try"; question: string | null }
  | { page: "agents" }
  | { page: "ledger"; from: string | null; to: string | null; item: string | null }
  | { page: "deliveries"; state: OutboxFilter }
  | { page: "missing" };

export const BASE = "/console/";
export const VIEWS: readonly View[] = ["waiting", "mine", "open", "resolved"];
export const FILTERS: readonly OutboxFilter[] = ["stuck", "failed", "uncertain", "pending"];

/** The route of an address (path and query). */
export function parse(address: string): Route {
  const url = new URL(address, "http://console");
  const inside = url.pathname === "/console" ? "" : url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : null;
  if (inside === null) return { page: "missing" };
  const parts = inside.split("/").filter((part) => part !== "").map(decode);
  const [first, second, third, fourth] = parts;
  if (first === undefined) return { page: "desk", view: "waiting", conversation: null };
  const view = VIEWS.find((name) => name === first);
  if (view && parts.length <= 2) return { page: "desk", view, conversation: second ?? null };
  if (first === "invite" && second !== undefined && parts.length === 2) return { page: "invite", token: second };
  if (first === "agents" && parts.length === 1) return { page: "agents" };
  if (first === "ledger" && parts.length === 1) {
    const { searchParams } = url;
    return { page: "ledger", from: searchParams.get("from"), to: searchParams.get("to"), item: searchParams.get("item") };
  }
  if (first === "deliveries" && parts.length === 1) {
    return { page: "deliveries", state: FILTERS.find((name) => name === url.searchParams.get("state")) ?? "stuck" };
  }
  if (first !== "knowledge") return { page: "missing" };
  const rest = parts.slice(1);
  if (rest.length === 0 || (second === "articles" && rest.length === 1)) return { page: "articles" };
  if (second === "new-article" && rest.length === 1) {
    return { page: "new-article", question: url.searchParams.get("question"), lang: url.searchParams.get("lang") };
  }
  if (second === "new-flow" && rest.length === 1) return { page: "new-flow" };
  if (second === "articles" && third !== undefined && fourth !== undefined && rest.length === 3) {
    return { page: "article", lang: third, slug: fourth };
  }
  if (second === "flows" && rest.length === 1) return { page: "flows" };
  if (second === "flows" && third !== undefined && rest.length === 2) return { page: "flow", name: third };
  if (second === "bot-book" && rest.length === 1) return { page: "bot-book" };
  if (second === "unanswered" && rest.length === 1) return { page: "unanswered" };
  if (second === "try" && rest.length === 1) return { page: "try", question: url.searchParams.get("question") };
  return { page: "missing" };
}

/** The address of a route. */
export function address(route: Route): string {
  switch (route.page) {
    case "desk":
      return BASE + route.view + (route.conversation === null ? "" : `/${encodeURIComponent(route.conversation)}`);
    case "invite":
      return `${BASE}invite/${encodeURIComponent(route.token)}`;
    case "articles":
      return `${BASE}knowledge/articles`;
    case "article":
      return `${BASE}knowledge/articles/${encodeURIComponent(route.lang)}/${encodeURIComponent(route.slug)}`;
    case "new-article":
      return `${BASE}knowledge/new-article${search({ question: route.question, lang: route.lang })}`;
    case "flows":
      return `${BASE}knowledge/flows`;
    case "flow":
      return `${BASE}knowledge/flows/${encodeURIComponent(route.name)}`;
    case "new-flow":
      return `${BASE}knowledge/new-flow`;
    case "bot-book":
      return `${BASE}knowledge/bot-book`;
    case "unanswered":
      return `${BASE}knowledge/unanswered`;
    case "try":
      return `${BASE}knowledge/try${search({ question: route.question })}`;
    case "agents":
      return `${BASE}agents`;
    case "ledger":
      return `${BASE}ledger${search({ from: route.from, to: route.to, item: route.item })}`;
    case "deliveries":
      return `${BASE}deliveries${search({ state: route.state === "stuck" ? null : route.state })}`;
    case "missing":
      return BASE;
  }
}

function search(values: Record<string, string | null>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) found.set(name, value);
  const text = found.toString();
  return text ? `?${text}` : "";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
