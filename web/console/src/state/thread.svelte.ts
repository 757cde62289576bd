// One conversation that is open on the desk: its facts, its timeline, what can be done with it.
import { api, type Act } from "../api/client";
import { codeOf, isUnsettled, wordsFor } from "../api/problem";
import type { Conversation, Entry, Viewer } from "../api/types";
import { retryEach, type Outcome } from "../lib/deliveries";
import { lastSeq, merge, newerThan, unsettledFrom } from "../lib/entries";
import { freshKey, load, save, session as sessionStore } from "../lib/storage";
import { desk } from "./desk.svelte";
import { targets } from "./targets.svelte";

export type Mode = "reply" | "note";

/** What was sent and not answered for: sent again it must be the very same. */
interface Attempt {
  key: string;
  text: string;
  seen_seq: number;
  anyway: boolean;
}

export type Sent = { ok: true } | { ok: false; newer: Entry[] } | { ok: false; error: string };

const PAGE = 50;
/** Catching up after a long sleep: more than this and the newest page is read afresh. */
const CATCH_UP_PAGES_MAX = 4;

export class Thread {
  readonly id: string;
  facts = $state.raw<Conversation | null>(null);
  entries = $state.raw<Entry[]>([]);
  hasEarlier = $state(false);
  loading = $state(true);
  loadingEarlier = $state(false);
  error = $state("");
  missing = $state(false);
  acting = $state(false);
  sending = $state(false);
  contactTyping = $state(false);
  mode = $state<Mode>("reply");
  drafts = $state<Record<Mode, string>>({ reply: "", note: "" });
  /** The last place that was on the screen: a reply is written against it. */
  seen = $state(0);
  /** Where the reader was, so that coming back shows the same place. Null: at the end. */
  place: number | null = null;
  #attempts: Record<Mode, Attempt | null> = { reply: null, note: null };
  #typingTimer: ReturnType<typeof setTimeout> | null = null;
  #generation = 0;

  constructor(id: string) {
    this.id = id;
    this.drafts.reply = load(sessionStore, this.#draftKey("reply"), "");
    this.drafts.note = load(sessionStore, this.#draftKey("note"), "");
    this.mode = load<Mode>(sessionStore, this.#draftKey("mode"), "reply") === "note" ? "note" : "reply";
  }

  get lastSeq(): number {
    return lastSeq(this.entries);
  }

  /** Reads the facts again, and what came after the last entry; the first time the newest page. */
  async refresh(reasons: readonly string[] = []): Promise<void> {
    const generation = ++this.#generation;
    try {
      const [facts, entries] = await Promise.all([api.conversation(this.id), this.#newest(reasons)]);
      // A slower, older answer must not undo a newer one; entries are merged and can't.
      if (generation === this.#generation || (this.facts?.version ?? -1) <= facts.version) this.facts = facts;
      this.#take(entries);
      this.error = "";
      this.missing = false;
    } catch (error) {
      if (codeOf(error) === "not_found") this.missing = true;
      else this.error = wordsFor(error);
    }
    this.loading = false;
  }

  async earlier(): Promise<void> {
    const first = this.entries[0];
    if (!first || !this.hasEarlier || this.loadingEarlier) return;
    this.loadingEarlier = true;
    try {
      const page = await api.entries(this.id, { before: first.seq }, PAGE);
      this.hasEarlier = page.data.length >= PAGE;
      this.#take(page.data);
    } catch (error) {
      this.error = wordsFor(error);
    } finally {
      this.loadingEarlier = false;
    }
  }

  async act(act: Act): Promise<{ ok: true } | { ok: false; code: string | null; error: string }> {
    this.acting = true;
    try {
      this.facts = await api.act(this.id, act);
      void this.refresh();
      void desk.refresh();
      return { ok: true };
    } catch (error) {
      // Refused because something changed: show what it is now.
      if (codeOf(error) !== "network") void this.refresh();
      return { ok: false, code: codeOf(error), error: wordsFor(error) };
    } finally {
      this.acting = false;
    }
  }

  /** Sends a message again that failed, or that perhaps arrived. */
  async retryDelivery(entry: Entry, evenIfDelivered: boolean): Promise<Outcome> {
    const id = entry.delivery_id;
    const outcome = await retryEach(id ? [id] : [], evenIfDelivered, api.retryDelivery);
    await this.#again(entry);
    return outcome;
  }

  /** Gives a message up for good. Throws what the API refused. */
  async dropDelivery(entry: Entry, reason: string): Promise<void> {
    try {
      await api.dropDelivery(entry.delivery_id ?? "", reason);
    } finally {
      await this.#again(entry);
    }
  }

  write(mode: Mode, text: string): void {
    this.drafts[mode] = text;
    save(sessionStore, this.#draftKey(mode), text);
  }

  choose(mode: Mode): void {
    this.mode = mode;
    save(sessionStore, this.#draftKey("mode"), mode);
  }

  /** Sends the draft of a mode. The draft is emptied only when the server has said that it is stored. */
  async send(mode: Mode, anyway = false): Promise<Sent> {
    const text = this.drafts[mode].trim();
    if (text === "" || this.sending) return { ok: false, error: "" };
    const before = this.#attempts[mode];
    const attempt = before && before.text === text && !anyway ? before : { key: freshKey(), text, seen_seq: this.seen || this.lastSeq, anyway };
    this.#attempts[mode] = attempt;
    this.sending = true;
    try {
      const { key, seen_seq } = attempt;
      const entry =
        mode === "note" ? await api.note(this.id, text, key) : await api.reply(this.id, { text, seen_seq, anyway: attempt.anyway }, key);
      this.#attempts[mode] = null;
      this.#take([entry]);
      if (this.drafts[mode].trim() === text) this.write(mode, "");
      void this.refresh();
      return { ok: true };
    } catch (error) {
      if (!isUnsettled(error)) this.#attempts[mode] = null;
      if (codeOf(error) !== "newer_messages") return { ok: false, error: wordsFor(error) };
      await this.refresh();
      // They are shown with the question, and so are seen.
      this.seen = this.lastSeq;
      return { ok: false, newer: newerThan(this.entries, attempt.seen_seq) };
    } finally {
      this.sending = false;
    }
  }

  viewers(viewers: Viewer[]): void {
    if (this.facts) this.facts = { ...this.facts, viewers };
  }

  typing(on: boolean): void {
    this.contactTyping = on;
    if (this.#typingTimer) clearTimeout(this.#typingTimer);
    // The end of typing may get lost with the contact's connection.
    if (on) this.#typingTimer = setTimeout(() => (this.contactTyping = false), 12_000);
  }

  /** Reads one entry again, however far back it is. */
  async #again({ seq }: Entry): Promise<void> {
    try {
      this.#take((await api.entries(this.id, { after: seq - 1 }, 1)).data);
    } catch {
      // The live stream says the same a little later.
    }
    targets.refresh();
    void this.refresh();
  }

  async #newest(reasons: readonly string[]): Promise<Entry[]> {
    if (this.entries.length === 0) {
      const page = await api.entries(this.id, { before: Number.MAX_SAFE_INTEGER }, PAGE);
      this.hasEarlier = page.data.length >= PAGE;
      return page.data;
    }
    let after = reasons.includes("delivery") || reasons.length === 0 ? unsettledFrom(this.entries) : this.lastSeq;
    const found: Entry[] = [];
    for (let page = 0; page < CATCH_UP_PAGES_MAX; page += 1) {
      const { data } = await api.entries(this.id, { after }, PAGE);
      found.push(...data);
      after = Math.max(after, ...data.map((entry) => entry.seq));
      if (data.length < PAGE) return found;
    }
    const page = await api.entries(this.id, { before: Number.MAX_SAFE_INTEGER }, PAGE);
    this.entries = [];
    this.hasEarlier = true;
    return page.data;
  }

  #take(entries: Entry[]): void {
    this.entries = merge(this.entries, entries);
  }

  #draftKey(part: string): string {
    return `switchboard.draft.${this.id}.${part}`;
  }
}

/** The last conversations stay loaded, so that going back and forth is immediate. */
const KEPT_MAX = 12;
const kept = new Map<string, Thread>();

export function threadOf(id: string): Thread {
  const thread = kept.get(id) ?? new Thread(id);
  kept.delete(id);
  kept.set(id, thread);
  for (const old of kept.keys()) {
    if (kept.size <= KEPT_MAX) break;
    kept.delete(old);
  }
  return thread;
}

export function keptThread(id: string): Thread | undefined {
  return kept.get(id);
}

/** After a gap every thread but the shown one may be stale: forget them (drafts are stored apart). */
export function forgetThreads(but: string | null): void {
  for (const id of kept.keys()) if (id !== but) kept.delete(id);
}
