// Trouble that a house with one web chat doesn't have: an inbox that is paused, deliveries that perhaps arrived, bytes that
// nobody can read. The browser is given these answers in the server's place, in the shapes its API document names.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const { components, paths } = JSON.parse(readFileSync(new URL("../../src/http/openapi.json", import.meta.url), "utf8"));

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const MAIL = { kind: "inbox", id: "inb_mail", name: "Larkfield mail" };
const FORUM = { kind: "inbox", id: "inb_forum", name: "Larkfield forum" };
const CUT = "the connection ended after the message was handed over";

const row = (id, state, target, number, preview, attempts, error, minutes) => ({
  id,
  state,
  target,
  conversation: { id: `cnv_${number}`, number },
  preview,
  attempts,
  error,
  due_at: state === "pending" ? ago(-3) : null,
  created_at: ago(minutes),
});

/** What the outbox holds at first, newest first. */
const ROWS = [
  row("dlv_1", "failed", FORUM, 1071, "I see the red light and what you tried; I'm resetting your line now.", 1, "the thread was closed by its author", 6),
  row("dlv_2", "pending", MAIL, 1032, "We'll look at it first thing tomorrow.", 4, "connection refused", 20),
  row("dlv_3", "uncertain", MAIL, 1032, "Your refund of 39.90 is on its way; it takes two to three banking days until it stands on your statement, sometimes four.", 1, CUT, 44),
  row("dlv_4", "uncertain", MAIL, 998, "", 1, CUT, 50),
  row("dlv_5", "failed", { kind: "webhook", id: "crm", name: "crm" }, 998, "conversation.handed_off", 10, "answered 410", 300),
  row("dlv_6", "failed", FORUM, 977, "<img src=x onerror=alert(1)> \u202Ereversed", 3, "this account takes no messages from bots", 60 * 30),
];

const KEPT = [
  { id: 12, inbox: MAIL.name, external_id: "<20261120.8819.a91@mail.example>", at: ago(30), reason: "unknown charset `x-larkfield`", bytes: 4812 },
  { id: 11, inbox: FORUM.name, external_id: "update 889231771", at: ago(60 * 26), reason: "unknown field `paid_media`", bytes: 912 },
];
const BYTES = `Received: from mx.mail.example\r\nSubject: hello\r\nContent-Type: text/html; charset=x-larkfield\r\n\r\n<script>alert(1)</script><img src=x onerror=alert(1)> \u202Ereversed\u202C and \u0000 ${"so on ".repeat(300)}`;

/** The answer has the fields the API document says, no more and no fewer. */
function documented(method, path, status, body) {
  const schema = paths[path]?.[method]?.responses?.[status]?.content?.["application/json"]?.schema;
  assert.ok(schema, `the API document has no ${method} ${path} with ${status}`);
  check(schema, body, `${method} ${path}`);
  return body;
}

function check(schema, value, where) {
  if (schema.$ref) return check(components.schemas[schema.$ref.split("/").at(-1)], value, where);
  const options = schema.oneOf ?? schema.anyOf;
  if (options) {
    if (value === null) return;
    const found = options.filter((option) => option.type !== "null").some((option) => passes(option, value, where));
    assert.ok(found, `${where}: no option of the API document fits ${JSON.stringify(value)}`);
    return;
  }
  if (schema.allOf) return schema.allOf.forEach((part) => passes(part, value, where));
  if (value === null || value === undefined) return;
  if (schema.type === "array" || schema.items) value.forEach((item, at) => check(schema.items, item, `${where}/${at}`));
  if (!schema.properties) return;
  assert.deepEqual(Object.keys(value).sort(), Object.keys(schema.properties).sort(), where);
  for (const [name, part] of Object.entries(schema.properties)) check(part, value[name], `${where}/${name}`);
}

function passes(schema, value, where) {
  try {
    check(schema, value, where);
    return true;
  } catch {
    return false;
  }
}

/**
 * From now on the pages of this browser are told of trouble. What is asked for is written down in `asked`.
 * @param {import("playwright-core").BrowserContext} context
 */
export async function trouble(context) {
  const rows = structuredClone(ROWS);
  let kept = structuredClone(KEPT);
  const asked = [];
  let paused = true;
  const answer = (route, body, status = 200) =>
    route.fulfill({ status, contentType: status < 300 ? "application/json" : "application/problem+json", body: JSON.stringify(body) });
  const refuse = (route, status, code, detail) => answer(route, { type: "about:blank", title: detail, status, detail, code }, status);
  const api = (pattern) => (url) => new RegExp(`^/api/v1${pattern}$`).test(url.pathname);

  await context.route(api("/inboxes"), (route) => {
    const count = (name, state) => rows.filter((one) => one.target.name === name && one.state === state).length;
    const circuit = { since: ago(25), retry_at: ago(-3), error: "connection refused by smtp.mail.example:587", failures: 8 };
    const inbox = ({ id, name }, kind, held) => ({ id, slug: kind, name, kind, pending: count(name, "pending"), failed: count(name, "failed"), uncertain: count(name, "uncertain"), circuit: held });
    const body = {
      data: [inbox(MAIL, "email", paused ? circuit : null), inbox(FORUM, "forum", null)],
      webhooks: [{ name: "crm", url_host: "hooks.crm.example", pending: 0, failed: count("crm", "failed"), circuit: null }],
    };
    return answer(route, documented("get", "/api/v1/inboxes", 200, body));
  });
  await context.route(api("/outbox"), (route) => {
    const wanted = new URL(route.request().url()).searchParams.get("state") ?? "stuck";
    const states = wanted === "stuck" ? ["failed", "uncertain"] : [wanted];
    const body = { data: rows.filter(({ state }) => states.includes(state)), next_cursor: null };
    return answer(route, documented("get", "/api/v1/outbox", 200, body));
  });
  await context.route(api("/outbox/[^/]+/(retry|drop)"), (route) => {
    const [, id, verb] = /outbox\/([^/]+)\/(\w+)$/.exec(new URL(route.request().url()).pathname);
    const body = route.request().postDataJSON();
    asked.push({ id, verb, ...body });
    const found = rows.find((one) => one.id === id);
    if (!found || !["failed", "uncertain"].includes(found.state)) return refuse(route, 409, "not_stuck", "This delivery is not stuck.");
    if (verb === "drop") Object.assign(found, { state: "dropped", error: `dropped by Ana Ferreira: ${body.reason}` });
    else if (found.state === "uncertain" && !body.even_if_delivered) return refuse(route, 409, "perhaps_delivered", "It may have arrived already.");
    else Object.assign(found, { state: "pending", error: null, attempts: 0, due_at: ago(0) });
    return answer(route, documented("post", `/api/v1/outbox/{id}/${verb}`, 200, found));
  });
  await context.route(api("/ledger"), async (route) => {
    const { from, to } = await (await route.fetch()).json();
    const quarantined = kept.length;
    const mail = { inbox: { id: MAIL.id, name: MAIL.name }, received: 12_040 + quarantined, filed: 11_892, duplicate: 131, filtered: 17, quarantined, differing: 0, balanced: true };
    const forum = { inbox: { id: FORUM.id, name: FORUM.name }, received: 310, filed: 310, duplicate: 0, filtered: 0, quarantined: 0, differing: 0, balanced: true };
    return answer(route, documented("get", "/api/v1/ledger", 200, { from, to, data: [mail, forum], quarantine: kept }));
  });
  await context.route(api("/quarantine/\\d+"), (route) => {
    const found = kept.find(({ id }) => route.request().url().endsWith(`/${id}`));
    if (!found) return refuse(route, 409, "not_in_quarantine", "This is not in quarantine any more.");
    const gone = found.id === 11;
    const body = { ...found, inbox: { id: MAIL.id, name: found.inbox }, text: gone ? null : BYTES, text_cut: !gone, raw_dropped_at: gone ? ago(60) : null, can_retry: !gone };
    return answer(route, documented("get", "/api/v1/quarantine/{id}", 200, body));
  });
  await context.route(api("/quarantine/\\d+/(retry|dismiss)"), (route) => {
    const [, id, verb] = /quarantine\/(\d+)\/(\w+)$/.exec(new URL(route.request().url()).pathname);
    const body = route.request().postDataJSON();
    asked.push({ id: Number(id), verb, ...body });
    if (!kept.some((one) => one.id === Number(id))) return refuse(route, 409, "not_in_quarantine", "This is not in quarantine any more.");
    if (verb === "retry") return answer(route, documented("post", "/api/v1/quarantine/{id}/retry", 200, { outcome: "quarantined", conversation: null, reason: "unknown charset `x-larkfield`" }));
    kept = kept.filter((one) => one.id !== Number(id));
    return answer(route, documented("post", "/api/v1/quarantine/{id}/dismiss", 200, { outcome: "filtered", reason: `dismissed by Ana Ferreira: ${body.reason}` }));
  });
  return {
    asked,
    /** The mail server answers again. */
    mend: () => (paused = false),
    /** A colleague settles one at the same time. */
    settledElsewhere: (id) => Object.assign(rows.find((one) => one.id === id), { state: "sent" }),
  };
}
