// The list of the present view, the counts, and which row the keyboard is on.
import { api } from "../api/client";
import { wordsFor } from "../api/problem";
import type { Counts, Row, View, Viewer } from "../api/types";
import { join, patch } from "../lib/rows";

const PAGE = 50;
/** Reading again after a change covers what was loaded, but not without end. */
const RELOAD_PAGES_MAX = 6;

class Desk {
  view = $state<View>("waiting");
  rows = $state.raw<Row[]>([]);
  next = $state<string | null>(null);
  /** Nothing of this view has been shown yet. */
  loading = $state(true);
  loadingMore = $state(false);
  error = $state("");
  counts = $state<Counts | null>(null);
  /** The row the keyboard is on. */
  cursor = $state<string | null>(null);
  #generation = 0;

  show(view: View): void {
    if (this.view === view && !this.loading) return;
    this.view = view;
    this.rows = [];
    this.next = null;
    this.cursor = null;
    this.loading = true;
    void this.refresh();
  }

  /** Reads the list again as far as it was loaded, and the counts. */
  async refresh(): Promise<void> {
    const generation = ++this.#generation;
    const { view } = this;
    const counts = api.counts().then(
      (found) => (this.counts = found),
      () => undefined,
    );
    try {
      const wanted = Math.min(RELOAD_PAGES_MAX, Math.max(1, Math.ceil(this.rows.length / PAGE)));
      let rows: Row[] = [];
      let next: string | null = null;
      for (let page = 0; page < wanted; page += 1) {
        const found = await api.conversations(view, next, PAGE);
        if (generation !== this.#generation) return;
        rows = join(view, rows, found.data);
        next = found.next;
        if (next === null) break;
      }
      this.rows = rows;
      this.next = next;
      this.error = "";
      this.loading = false;
    } catch (error) {
      if (generation !== this.#generation) return;
      this.error = wordsFor(error);
      this.loading = false;
    }
    await counts;
  }

  async more(): Promise<void> {
    if (this.next === null || this.loadingMore) return;
    const generation = this.#generation;
    this.loadingMore = true;
    try {
      const found = await api.conversations(this.view, this.next, PAGE);
      if (generation === this.#generation) {
        this.rows = join(this.view, this.rows, found.data);
        this.next = found.next;
      }
    } catch (error) {
      this.error = wordsFor(error);
    } finally {
      this.loadingMore = false;
    }
  }

  viewers(id: string, viewers: Viewer[]): void {
    this.rows = patch(this.rows, id, { viewers });
  }

  read(id: string): void {
    if (this.rows.some((row) => row.id === id && row.unread)) this.rows = patch(this.rows, id, { unread: false });
  }
}

export const desk = new Desk();
