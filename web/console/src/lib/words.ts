// What happened, in words an agent reads in passing.
import type { Author, DeliveryState, HandoffReason, Log, OutboxState, Priority, Proof, Status } from "../api/types";

export const STATUS: Record<Status, string> = { open: "Open", waiting: "Waiting for contact", resolved: "Resolved" };
export const PRIORITY: Record<Priority, string> = { low: "Low", normal: "Normal", high: "High", urgent: "Urgent" };

/** The state of one of our messages: a sign, a word, and what it means. */
export const DELIVERY = {
  pending: { label: "Sending…", sign: "clock", hint: "Stored; on its way to the contact’s channel." },
  sent: { label: "Sent", sign: "sent", hint: "The channel took it." },
  delivered: { label: "Delivered", sign: "delivered", hint: "It reached the contact’s device." },
  seen: { label: "Seen", sign: "eye", hint: "The contact has seen it." },
  uncertain: { label: "Perhaps delivered", sign: "question", hint: "The connection broke while sending. Not sent again, so that it can’t arrive twice." },
  failed: { label: "Not delivered", sign: "failed", hint: "It did not reach the contact." },
} as const satisfies Record<DeliveryState, { label: string; sign: string; hint: string }>;

/** The state of a delivery in the outbox. */
export const OUTBOX = {
  pending: { label: "On its way", sign: "clock", tone: "" },
  sending: { label: "Sending", sign: "clock", tone: "" },
  uncertain: { label: "Perhaps delivered", sign: "question", tone: "warn" },
  failed: { label: "Not delivered", sign: "failed", tone: "bad" },
  sent: { label: "Sent", sign: "sent", tone: "good" },
  dropped: { label: "Dropped", sign: "close", tone: "" },
} as const satisfies Record<OutboxState, { label: string; sign: string; tone: string }>;

export const PROOF: Record<Proof, { label: string; hint: string }> = {
  anonymous: { label: "Anonymous", hint: "Nothing is known that proves who this is." },
  claimed: { label: "Not proven", hint: "Name and address are what the contact typed." },
  channel: { label: "Known by channel", hint: "The channel vouches for this account." },
  signed: { label: "Signed in", hint: "The site signed this identity." },
};

export const REASON: Record<HandoffReason, string> = {
  asked: "Asked for a person",
  accepted_offer: "Took the offer of a person",
  flow: "The flow hands over here",
  not_understood: "The bot did not understand",
  attempts_used_up: "A question was not answered after all attempts",
  sensitive: "A subject for people only",
  missing_flow: "The flow that was running is gone",
  reopened: "Wrote again after it was resolved",
  transferred: "Transferred by an agent",
};

/** One line for a log entry. */
export function happening(log: Log): string {
  const field = (name: string) => (typeof log[name] === "string" || typeof log[name] === "number" ? String(log[name]) : "");
  switch (log.what) {
    case "opened":
      return "Opened the chat";
    case "flow_started":
      return `Flow ${quoted(slotName(field("flow")))} began`;
    case "flow_ended":
      return `Flow ${quoted(slotName(field("flow")))} ended`;
    case "flow_left":
      return `Flow ${quoted(slotName(field("flow")))} was left`;
    case "slot_filled":
      return `${slotName(field("slot"))}: ${slotValue(field("value"))}`;
    case "answered":
      return `Answered from ${quoted(field("title"))}`;
    case "asked_between": {
      const titles = Array.isArray(log["titles"]) ? log["titles"].filter((title) => typeof title === "string") : [];
      return `Asked which was meant: ${titles.map(quoted).join(", ")}`;
    }
    case "not_understood":
      return "Not understood";
    case "voted":
      return `${quoted(field("title"))} ${log["helped"] === true ? "helped" : "did not help"}`;
    case "handed_off":
      return `Handed over to ${field("team")}`;
    case "priority_set":
      return `Priority set to ${field("priority")}`;
    case "claimed":
      return `Claimed by ${field("agent")}`;
    case "transferred":
      return `Transferred to ${field("to")}`;
    case "returned_to_bot":
      return "Returned to the bot";
    case "resolved":
      return `Resolved by ${field("by")}`;
    case "reopened":
      return "Opened again";
    case "rated":
      return `Rated ${field("score")} of 5`;
    case "started_over":
      return "Started over";
    case "still_waiting":
      return "Told that they are still in the queue";
    case "placed":
      return "Found its conversation";
    case "reported":
      return "The channel reported";
    case "filed_later":
      return `Filed later from quarantine by ${field("by")}`;
    case "delivery_retried":
      return `Sent again by ${field("who")}`;
    case "delivery_dropped":
      return `Dropped by ${field("who")}`;
    case "silent":
      return "Deliberately not answered";
    case "refused":
      return field("who") ? `Refused: ${field("who")}` : "Refused";
    case "odd":
      return "Something that made no sense here";
    default:
      return slotName(log.what);
  }
}

/** `router_lights` as "Router lights". */
export function slotName(name: string): string {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A chosen value such as `nothing_works` in words; what a contact wrote stays as it is. */
export function slotValue(value: string): string {
  return /^[a-z0-9]+(_[a-z0-9]+)+$/.test(value) ? value.replaceAll("_", " ") : value;
}

/** `de` as "German". */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The name over a message. */
export function authorName(author: Author, contactName: string, botName: string): string {
  switch (author.kind) {
    case "contact":
      return author.name || contactName;
    case "bot":
      return author.name || botName;
    case "agent":
      return author.name || "Agent";
    case "system":
      return "Switchboard";
  }
}

/** "Ben is viewing", "Ben and Cleo are typing". */
export function viewing(viewers: readonly { name: string; typing?: boolean }[]): string {
  const typing = viewers.filter((viewer) => viewer.typing).map((viewer) => viewer.name);
  if (typing.length > 0) return `${list(typing)} ${typing.length === 1 ? "is" : "are"} typing`;
  const names = viewers.map((viewer) => viewer.name);
  return names.length === 0 ? "" : `${list(names)} ${names.length === 1 ? "is" : "are"} viewing`;
}

export function list(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length > 3) return `${names.slice(0, 2).join(", ")} and ${names.length - 2} others`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}

export function initials(name: string): string {
  const parts = name.trim().split(/\s+/).filter((part) => /^[\p{L}\p{N}]/u.test(part));
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((part) => (part ? [...part][0] : ""));
  return letters.join("").toUpperCase() || "?";
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${Math.round(size / 1000)} kB`;
  return `${(size / 1_000_000).toFixed(1)} MB`;
}

function quoted(text: string): string {
  return `“${text}”`;
}

export const ROLE = { admin: "admin", agent: "agent", knowledge: "knowledge manager" } as const;
