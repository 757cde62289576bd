// Inboxes and webhooks as the outbox sees them: what waits, what is stuck, what is paused. Asked for now and then while
// the page is looked at, because nothing is told when a pause begins without a message.
import { api } from "../api/client";
import { wordsFor } from "../api/problem";
import type { Targets } from "../api/types";
import { coalesce } from "../lib/coalesce";
import { counts, paused } from "../lib/targets";

const EVERY_MS = 15_000;

class TargetsState {
  value = $state.raw<Targets | null>(null);
  /** Why the last reading failed; what was read before stays. */
  error = $state("");
  readonly paused = $derived(paused(this.value));
  readonly counts = $derived(counts(this.value));
  #timer: ReturnType<typeof setInterval> | null = null;
  #seen = () => document.visibilityState === "visible" && this.refresh();

  /** Reads again soon; many reasons become one reading. */
  refresh = coalesce(() => this.load(), 80, 2000);

  load = async (): Promise<void> => {
    try {
      this.value = await api.targets();
      this.error = "";
    } catch (error) {
      this.error = wordsFor(error);
    }
  };

  start(): void {
    this.stop();
    this.refresh();
    this.#timer = setInterval(this.#seen, EVERY_MS);
    document.addEventListener("visibilitychange", this.#seen);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    document.removeEventListener("visibilitychange", this.#seen);
  }

  isPaused(inbox: string | undefined): boolean {
    return inbox !== undefined && this.paused.some((one) => one.inbox === inbox);
  }
}

export const targets = new TargetsState();
