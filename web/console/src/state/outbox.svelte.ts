// The list of deliveries: what the filter shows, what is picked, and what was settled here meanwhile.
import { api } from "../api/client";
import { wordsFor } from "../api/problem";
import type { OutboxFilter, OutboxRow } from "../api/types";
import { coalesce } from "../lib/coalesce";
import { isStuck, joined, refreshed, retryEach, type Outcome } from "../lib/deliveries";
import { targets } from "./targets.svelte";

const PAGE = 50;
/** Reading again after a change covers what was loaded, but not without end. */
const RELOAD_PAGES_MAX = 4;

export class Outbox {
  filter = $state<OutboxFilter>("stuck");
  rows = $state.raw<OutboxRow[]>([]);
  next = $state<string | null>(null);
  loading = $state(true);
  loadingMore = $state(false);
  /** Something is being tried again or dropped. */
  busy = $state(false);
  error = $state("");
  picked = $state.raw<ReadonlySet<string>>(new Set());
  /** Nobody looks at the list: it is not read. */
  #shown = false;
  #settled = new Map<string, OutboxRow>();
  #generation = 0;

  /** What changed since may be on the list: read again soon. */
  refresh = coalesce(async () => (this.#shown ? this.load() : undefined), 80, 1500);

  readonly stuck = $derived(this.rows.filter(isStuck));
  /** The picked ones that are still there to be tried again, oldest first: so they go out in the order they were written. */
  readonly pickedStuck = $derived(this.stuck.filter(({ id }) => this.picked.has(id)).reverse());

  show(filter: OutboxFilter): void {
    this.#shown = true;
    this.filter = filter;
    this.rows = [];
    this.next = null;
    this.loading = true;
    this.picked = new Set();
    this.#settled.clear();
    void this.load();
  }

  leave(): void {
    this.#shown = false;
    this.#generation += 1;
  }

  load = async (): Promise<void> => {
    const generation = ++this.#generation;
    try {
      const wanted = Math.min(RELOAD_PAGES_MAX, Math.max(1, Math.ceil(this.rows.length / PAGE)));
      let rows: OutboxRow[] = [];
      let next: string | null = null;
      for (let page = 0; page < wanted; page += 1) {
        const found = await api.outbox(this.filter, next, PAGE);
        if (generation !== this.#generation) return;
        rows = joined(rows, found.data);
        next = found.next;
        if (next === null) break;
      }
      // Stuck once more: it is no longer settled.
      for (const { id } of rows) this.#settled.delete(id);
      this.rows = refreshed(rows, this.#settled);
      this.next = next;
      this.error = "";
    } catch (error) {
      if (generation !== this.#generation) return;
      this.error = wordsFor(error);
    }
    this.loading = false;
  };

  async more(): Promise<void> {
    if (this.next === null || this.loadingMore) return;
    const generation = this.#generation;
    this.loadingMore = true;
    try {
      const found = await api.outbox(this.filter, this.next, PAGE);
      if (generation === this.#generation) {
        this.rows = joined(this.rows, found.data);
        this.next = found.next;
      }
    } catch (error) {
      this.error = wordsFor(error);
    } finally {
      this.loadingMore = false;
    }
  }

  pick(id: string, on: boolean): void {
    const picked = new Set(this.picked);
    if (on) picked.add(id);
    else picked.delete(id);
    this.picked = picked;
  }

  pickAll(on: boolean): void {
    this.picked = new Set(on ? this.stuck.map(({ id }) => id) : []);
  }

  async retry(ids: readonly string[], evenIfDelivered: boolean): Promise<Outcome> {
    this.busy = true;
    try {
      const outcome = await retryEach(ids, evenIfDelivered, api.retryDelivery);
      for (const row of outcome.rows) this.#settle(row);
      for (const id of ids) if (!outcome.asks.includes(id)) this.pick(id, false);
      // What a colleague settled is shown as it is now.
      if (outcome.settled.length + outcome.errors.length > 0) this.refresh();
      return outcome;
    } finally {
      this.busy = false;
      targets.refresh();
    }
  }

  /** Gives it up for good. Throws what the API refused. */
  async drop(id: string, reason: string): Promise<void> {
    this.busy = true;
    try {
      this.#settle(await api.dropDelivery(id, reason));
      this.pick(id, false);
    } catch (error) {
      this.refresh();
      throw error;
    } finally {
      this.busy = false;
      targets.refresh();
    }
  }

  #settle(row: OutboxRow): void {
    // An answer that is under way was given before this.
    this.#generation += 1;
    this.#settled.set(row.id, row);
    this.rows = this.rows.map((known) => (known.id === row.id ? row : known));
  }
}

export const outbox = new Outbox();
