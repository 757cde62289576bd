// The shapes of the JSON API, version 1. Everything that comes from a contact is raw text.

export type Role = "admin" | "agent" | "knowledge";
export type View = "waiting" | "mine" | "open" | "resolved";
export type Status = "open" | "waiting" | "resolved";
export type Priority = "low" | "normal" | "high" | "urgent";

export interface Person {
  id: string;
  name: string;
}

export interface Session {
  agent: Person & { email: string; role: Role };
  server: { version: string; title: string; bot_name: string; languages: string[]; teams: string[]; widget_url: string };
}

export interface Invitation {
  email: string;
  /** What whoever invited them wrote; may be empty. */
  name: string;
  role: Role;
  expires_at: string;
}

export interface Agent extends Person {
  email: string;
  role: Role;
  disabled: boolean;
  /** Has set a password. */
  active: boolean;
  online: boolean;
}

export type Handler =
  | { kind: "bot" }
  | { kind: "queue"; team: string; since: string }
  | { kind: "agent"; agent: Person; team?: string | null };

export interface Counts {
  waiting: number;
  mine: number;
  open: number;
  resolved_today?: number;
}

export interface Viewer extends Person {
  typing?: boolean;
}

export interface Row {
  id: string;
  number: number;
  inbox: Person & { kind: string };
  contact: { id: string; name: string | null };
  status: Status;
  handler: Handler;
  priority: Priority;
  language: string;
  preview: string | null;
  preview_author: "contact" | "bot" | "agent" | "system" | null;
  last_message_at: string | null;
  waiting_since: string | null;
  unread: boolean;
  version: number;
  viewers: Viewer[];
}

export type Proof = "anonymous" | "claimed" | "channel" | "signed";

export interface PathStep {
  flow: string;
  step: string;
  at: string;
}

export interface ShownArticle {
  article: string;
  title: string;
  question: string | null;
  helped: boolean | null;
  at: string;
}

export interface ContactFacts {
  name: string | null;
  email: string | null;
  facts: Record<string, string>;
}

export type HandoffReason =
  | "asked"
  | "accepted_offer"
  | "flow"
  | "not_understood"
  | "attempts_used_up"
  | "sensitive"
  | "missing_flow"
  | "reopened"
  | "transferred";

export interface HandoffBrief {
  at: string;
  reason: HandoffReason;
  why: string;
  team: string;
  priority: Priority;
  language: string;
  slots: Record<string, string>;
  path: PathStep[];
  shown: ShownArticle[];
  open_question: string | null;
  contact: ContactFacts;
  transcript_through: number;
}

export interface Earlier {
  id: string;
  number: number;
  status: Status;
  created_at: string;
  preview: string | null;
}

export interface Conversation extends Omit<Row, "contact"> {
  contact: ContactFacts & { id: string; proof: Proof };
  slots: Record<string, string>;
  flow: { name: string; title: string; step: string } | null;
  path: PathStep[];
  shown: ShownArticle[];
  open_question: string | null;
  brief: HandoffBrief | null;
  earlier: Earlier[];
  seq: number;
  created_at: string;
  /** `by`: "bot", or the name of the agent. */
  resolution: { by: string; at: string; score: number | null } | null;
  rating_comment: string | null;
}

export type DeliveryState = "pending" | "sent" | "delivered" | "seen" | "uncertain" | "failed";

export interface Delivery {
  state: DeliveryState;
  error: string | null;
}

export interface Choice {
  id: string;
  label: string;
}

export interface Content {
  text: string;
  format?: "plain" | "markdown";
  choices?: Choice[];
  citation?: { title: string; url?: string | null } | null;
  attachments?: { name: string; media_type: string; size_bytes: number }[];
  /** What it is about, on channels that have such a line. */
  subject?: string | null;
  /** Who wrote it, when that is not the contact whose conversation it is. */
  written_by?: string | null;
  /** What came with it and was not written now. */
  folds?: Fold[];
}

export interface Fold {
  kind: "quoted" | "signature" | "forwarded" | "disclaimer";
  text: string;
}

export interface Author {
  kind: "contact" | "bot" | "agent" | "system";
  id?: string | null;
  name?: string | null;
}

/** What happened and why; the other fields depend on `what` (`flow`, `title`, `slot`, `team` …). */
export interface Log {
  what: string;
  why: string;
  [field: string]: unknown;
}

export interface Entry {
  seq: number;
  id: string;
  at: string;
  kind: "message" | "note" | "log";
  author: Author;
  content?: Content | null;
  delivery?: Delivery | null;
  /** Of our own messages: what can be tried again or dropped. */
  delivery_id?: string | null;
  log?: Log | null;
  chosen?: string | null;
}

export interface Page<T> {
  data: T[];
  next: string | null;
}

export interface ArticleRow {
  id: string;
  slug: string;
  lang: string;
  title: string;
  state: "draft" | "review" | "published" | "archived";
  audience: "public" | "customers" | "internal";
  version: number;
  origin: "shipped" | "edited";
  updated_at: string | null;
  helped: number;
  not_helped: number;
  shown: number;
}

/** A file that is edited as text: an article, a flow, the bot book. */
export interface Source {
  source: string;
  version: number;
  warnings?: Mistake[];
}

/** What is wrong with a file, and where. */
export interface Mistake {
  line?: number;
  column?: number;
  severity?: "error" | "warning";
  detail: string;
}

export interface FlowRow {
  name: string;
  title: string;
  version: number;
  origin: "shipped" | "edited";
  updated_at: string | null;
}

export interface LintProblem {
  line: number;
  column: number;
  severity: "error" | "warning";
  message: string;
}

export interface Answer {
  verdict: "sure" | "between" | "nothing";
  hits: { target: "article" | "flow"; name: string; title: string; score: number; nearest: string }[];
  why: string;
}

export interface Unanswered {
  question: string;
  language: string;
  conversation: string;
  at: string;
}

export interface LedgerRow {
  inbox: Person;
  received: number;
  filed: number;
  duplicate: number;
  filtered: number;
  quarantined: number;
  balanced: boolean;
}

export interface Quarantined {
  id: number;
  inbox: string;
  external_id: string;
  at: string;
  reason: string;
  bytes: number;
}

export interface Ledger {
  /** The days that were counted, both included. */
  from: string;
  to: string;
  data: LedgerRow[];
  /** The newest of all there are, whatever the days. */
  quarantine: Quarantined[];
}

/** One item of the quarantine, looked at. */
export interface QuarantinedItem {
  id: number;
  inbox: Person;
  external_id: string;
  at: string;
  reason: string;
  bytes: number;
  /** The bytes read as UTF-8; null once they were removed after their retention time. */
  text: string | null;
  /** The text is the beginning only. */
  text_cut: boolean;
  raw_dropped_at: string | null;
  can_retry: boolean;
}

export interface Retried {
  outcome: "filed" | "filtered" | "quarantined";
  conversation: string | null;
  reason: string | null;
}

export type OutboxState = "pending" | "sending" | "uncertain" | "failed" | "sent" | "dropped";
/** What is asked for; `stuck` is failed and uncertain together. */
export type OutboxFilter = "stuck" | "failed" | "uncertain" | "pending";

/** One delivery on its way, or stuck on it. */
export interface OutboxRow {
  id: string;
  state: OutboxState;
  target: Person & { kind: "inbox" | "webhook" };
  conversation: { id: string; number: number } | null;
  preview: string;
  attempts: number;
  error: string | null;
  due_at: string | null;
  created_at: string;
}

/** Why and since when nothing is sent: the target fails as a whole. */
export interface Circuit {
  since: string;
  retry_at: string;
  error: string;
  failures: number;
}

export interface InboxState extends Person {
  slug: string;
  kind: string;
  pending: number;
  failed: number;
  uncertain: number;
  circuit: Circuit | null;
}

export interface WebhookState {
  name: string;
  url_host: string;
  pending: number;
  failed: number;
  circuit: Circuit | null;
}

/** Everything deliveries go to. */
export interface Targets {
  data: InboxState[];
  webhooks: WebhookState[];
}

export interface ChangeEvent {
  conversation: string;
  reasons: string[];
}

export interface NoticeEvent {
  notice: "waiting" | "assigned" | "contact_wrote";
  conversation: string;
  agent_id: string | null;
  team: string | null;
}
