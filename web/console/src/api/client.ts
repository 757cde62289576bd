// Every call to the API. Nothing else in the console knows a path or a header.
import { problemsOf } from "../lib/source";
import { ApiError, networkProblem, readProblem } from "./problem";
import type {
  Agent,
  Answer,
  ArticleRow,
  Conversation,
  Counts,
  Entry,
  FlowRow,
  Invitation,
  Ledger,
  LintProblem,
  Log,
  Mistake,
  OutboxFilter,
  OutboxRow,
  Page,
  QuarantinedItem,
  Retried,
  Role,
  Row,
  Session,
  Source,
  Targets,
  Unanswered,
  View,
} from "./types";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Extra {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** The request outlives the page. */
  keepalive?: boolean;
}

export interface Reply {
  text: string;
  seen_seq: number;
  anyway: boolean;
}

export type Act =
  | { act: "claim"; from_colleague?: boolean }
  | { act: "transfer"; agent_id?: string; team?: string; note?: string }
  | { act: "return" | "resolve" | "reopen" };

export const ROOT = "/api/v1";

export class Api {
  /** Called on every 401 but those of signing in. */
  onUnauthorized: () => void = () => undefined;
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.#fetch = fetcher;
  }

  // Session

  session = (): Promise<Session> => this.#call("GET", "/session");
  signIn = (email: string, password: string): Promise<Session> => this.#call("POST", "/session", { body: { email, password } });
  signOut = (): Promise<void> => this.#call("DELETE", "/session");
  invitation = (token: string): Promise<Invitation> => this.#call("GET", `/invitations/${part(token)}`);
  acceptInvitation = (token: string, name: string, password: string): Promise<Session> =>
    this.#call("POST", `/invitations/${part(token)}`, { body: { name, password } });

  // Agents

  agents = async (): Promise<Agent[]> => (await this.#call<{ data: Agent[] }>("GET", "/agents")).data;
  inviteAgent = (agent: { email: string; name?: string; role: Role }, key: string): Promise<{ agent: Agent; invitation_url: string }> =>
    this.#call("POST", "/agents", { body: agent, headers: { "Idempotency-Key": key } });
  changeAgent = (id: string, change: { role?: Role; disabled?: boolean; name?: string }): Promise<unknown> =>
    this.#call("PATCH", `/agents/${part(id)}`, { body: change });
  newLink = (id: string, key: string): Promise<{ invitation_url: string }> =>
    this.#call("POST", `/agents/${part(id)}/invitation`, { headers: { "Idempotency-Key": key } });

  // Conversations

  counts = (): Promise<Counts> => this.#call("GET", "/counts");
  conversations = (view: View, after: string | null, limit: number, signal?: AbortSignal): Promise<Page<Row>> =>
    this.#call("GET", `/conversations?${query({ view, limit, after })}`, { signal });
  conversation = (id: string, signal?: AbortSignal): Promise<Conversation> =>
    this.#call("GET", `/conversations/${part(id)}`, { signal });
  entries = async (id: string, from: { after: number } | { before: number }, limit: number): Promise<Page<Entry>> => {
    const page = await this.#call<Page<Entry>>("GET", `/conversations/${part(id)}/entries?${query({ ...from, limit })}`);
    return { data: page.data.map(readEntry), next: page.next };
  };
  reply = async (id: string, reply: Reply, key: string): Promise<Entry> =>
    readEntry(await this.#call("POST", `/conversations/${part(id)}/reply`, { body: reply, headers: { "Idempotency-Key": key } }));
  note = async (id: string, text: string, key: string): Promise<Entry> =>
    readEntry(await this.#call("POST", `/conversations/${part(id)}/notes`, { body: { text }, headers: { "Idempotency-Key": key } }));
  act = (id: string, { act, ...body }: Act): Promise<Conversation> =>
    this.#call("POST", `/conversations/${part(id)}/${act}`, { body });
  presence = (id: string, viewing: boolean, typing: boolean, keepalive = false): Promise<void> =>
    this.#call("POST", `/conversations/${part(id)}/presence`, { body: { viewing, typing }, keepalive });

  // Knowledge

  articles = async (): Promise<ArticleRow[]> => (await this.#call<{ data: ArticleRow[] }>("GET", "/articles")).data;
  article = (slug: string, lang: string): Promise<Source & Partial<ArticleRow>> => this.#call("GET", articlePath(slug, lang));
  saveArticle = (slug: string, lang: string, source: string, version: number | null): Promise<Source & Partial<ArticleRow>> =>
    this.#save(articlePath(slug, lang), source, version);
  flows = async (): Promise<FlowRow[]> => (await this.#call<{ data: FlowRow[] }>("GET", "/flows")).data;
  flow = (name: string): Promise<Source & Partial<FlowRow>> => this.#call("GET", `/flows/${part(name)}`);
  saveFlow = (name: string, source: string, version: number | null): Promise<Source & Partial<FlowRow>> =>
    this.#save(`/flows/${part(name)}`, source, version);
  lintFlow = async (name: string, source: string, signal?: AbortSignal): Promise<LintProblem[]> =>
    problemsOf((await this.#call<{ problems: Mistake[] }>("POST", "/flows/lint", { body: { name, source }, signal })).problems);
  botBook = (): Promise<Source> => this.#call("GET", "/bot-book");
  saveBotBook = (source: string, version: number | null): Promise<Source> => this.#save("/bot-book", source, version);
  ask = (question: string, language: string): Promise<Answer> => this.#call("POST", "/knowledge/ask", { body: { question, language } });
  unanswered = (after: string | null): Promise<Page<Unanswered>> =>
    this.#call("GET", `/knowledge/unanswered?${query({ after, limit: 50 })}`);

  // Ledger

  ledger = (from: string | null, to: string | null): Promise<Ledger> => this.#call("GET", `/ledger?${query({ from, to })}`);
  quarantined = (id: string): Promise<QuarantinedItem> => this.#call("GET", `/quarantine/${part(id)}`);
  /** Where the bytes as they came can be downloaded. */
  quarantinedRaw = (id: string): string => `${ROOT}/quarantine/${part(id)}/raw`;
  retryQuarantined = (id: string): Promise<Retried> => this.#call("POST", `/quarantine/${part(id)}/retry`);
  dismissQuarantined = (id: string, reason: string): Promise<{ outcome: "filtered"; reason: string }> =>
    this.#call("POST", `/quarantine/${part(id)}/dismiss`, { body: { reason } });

  // Outbox

  outbox = async (state: OutboxFilter, cursor: string | null, limit: number): Promise<Page<OutboxRow>> => {
    const page = await this.#call<{ data: OutboxRow[]; next_cursor: string | null }>("GET", `/outbox?${query({ state, cursor, limit })}`);
    return { data: page.data, next: page.next_cursor };
  };
  /** Without `evenIfDelivered` one that perhaps arrived is refused with `perhaps_delivered`. */
  retryDelivery = (id: string, evenIfDelivered: boolean): Promise<OutboxRow> =>
    this.#call("POST", `/outbox/${part(id)}/retry`, { body: { even_if_delivered: evenIfDelivered } });
  dropDelivery = (id: string, reason: string): Promise<OutboxRow> => this.#call("POST", `/outbox/${part(id)}/drop`, { body: { reason } });
  targets = (): Promise<Targets> => this.#call("GET", "/inboxes");

  /** Saves over the version that was read; with null it creates, and fails if it is there already. */
  #save<T>(path: string, source: string, version: number | null): Promise<T> {
    const guard: Record<string, string> = version === null ? { "If-None-Match": "*" } : { "If-Match": `"${version}"` };
    return this.#call("PUT", path, { body: { source }, headers: guard });
  }

  async #call<T>(method: Method, path: string, extra: Extra = {}): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json", ...extra.headers };
    const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
    if (extra.body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(extra.body);
    }
    if (extra.signal) init.signal = extra.signal;
    if (extra.keepalive) init.keepalive = true;
    let response: Response;
    try {
      response = await this.#fetch(ROOT + path, init);
    } catch (error) {
      if (extra.signal?.aborted) throw error;
      throw new ApiError(networkProblem());
    }
    if (response.status === 204) return undefined as T;
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && body !== undefined) return body as T;
    if (response.status === 401 && !(method === "POST" && path === "/session")) this.onUnauthorized();
    throw new ApiError(readProblem(response.status, body, response.headers.get("Retry-After")));
  }
}

/** The log may come as `{what: "claimed", agent, why}` or as `{what: {what: "claimed", agent}, why}`: one shape from here on. */
export function readEntry(entry: Entry): Entry {
  const log: unknown = entry.log;
  if (typeof log !== "object" || log === null) return entry;
  const { what, ...rest } = log as Record<string, unknown>;
  if (typeof what !== "object" || what === null) return entry;
  return { ...entry, log: { ...rest, ...(what as object) } as Log };
}

export function query(values: Record<string, string | number | null | undefined>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") found.set(name, String(value));
  }
  return found.toString();
}

function articlePath(slug: string, lang: string): string {
  return `/articles/${part(slug)}/${part(lang)}`;
}

function part(value: string): string {
  return encodeURIComponent(value);
}

export const api = new Api();
