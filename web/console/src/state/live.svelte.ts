// What the live stream says, told to the list and the open conversation.
import { api } from "../api/client";
import { Live } from "../api/events";
import { coalesce } from "../lib/coalesce";
import { visible } from "../lib/visible";
import { desk } from "./desk.svelte";
import { outbox } from "./outbox.svelte";
import { router } from "./router.svelte";
import { session } from "./session.svelte";
import { targets } from "./targets.svelte";
import { forgetThreads, keptThread } from "./thread.svelte";
import { toasts } from "./toasts.svelte";

/** A short break is nothing to talk about. */
const OFFLINE_AFTER_MS = 2500;

class LiveState {
  online = $state(true);
  #offlineTimer: ReturnType<typeof setTimeout> | null = null;
  #reasons = new Map<string, Set<string>>();
  #refreshList = coalesce(() => desk.refresh(), 80, 1000);
  #refreshThread = coalesce(() => this.#readThread(), 30, 300);
  #live = new Live({
    change: ({ conversation, reasons }) => {
      this.#refreshList();
      if (reasons.includes("delivery")) this.#refreshDeliveries();
      const known = this.#reasons.get(conversation) ?? new Set();
      for (const reason of reasons) known.add(reason);
      if (conversation === this.#shown()) {
        this.#reasons.set(conversation, known);
        this.#refreshThread();
      }
    },
    presence: ({ conversation, viewers }) => {
      const others = viewers.filter((viewer) => viewer.id !== session.me?.id);
      desk.viewers(conversation, others);
      keptThread(conversation)?.viewers(others);
    },
    contactTyping: ({ conversation, on }) => keptThread(conversation)?.typing(on),
    notice: ({ notice, conversation, agent_id }) => {
      const mine = agent_id !== null && agent_id === session.me?.id;
      if (!mine || conversation === this.#shown() || notice === "waiting") return;
      const row = desk.rows.find(({ id }) => id === conversation);
      const who = row ? `${visible(row.contact.name ?? "") || "Visitor"} #${row.number}` : "A contact";
      toasts.info(notice === "assigned" ? `${who} was handed to you.` : `${who} wrote to you.`, { label: "Open", route: { page: "desk", view: "mine", conversation } });
    },
    connected: (gap) => {
      this.#setOnline();
      if (!gap) return;
      forgetThreads(this.#shown());
      this.#refreshList();
      this.#refreshThread();
      this.#refreshDeliveries();
    },
    disconnected: () => {
      this.#offlineTimer ??= setTimeout(() => (this.online = false), OFFLINE_AFTER_MS);
    },
    // Asking for the session tells an ended one (401, handled by the client) from a server that is away.
    refused: () => void api.session().catch(() => undefined),
  });

  constructor() {
    window.addEventListener("offline", () => (this.online = false));
    window.addEventListener("online", () => this.#live.nudge());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && !this.online) this.#live.nudge();
    });
  }

  start(): void {
    this.#live.start();
  }

  stop(): void {
    this.#live.stop();
  }

  retry(): void {
    this.#live.start();
  }

  #refreshDeliveries(): void {
    targets.refresh();
    outbox.refresh();
  }

  #setOnline(): void {
    if (this.#offlineTimer) clearTimeout(this.#offlineTimer);
    this.#offlineTimer = null;
    this.online = true;
  }

  #shown(): string | null {
    return router.route.page === "desk" ? router.route.conversation : null;
  }

  async #readThread(): Promise<void> {
    const shown = this.#shown();
    if (shown === null) return;
    const reasons = [...(this.#reasons.get(shown) ?? [])];
    this.#reasons.delete(shown);
    await keptThread(shown)?.refresh(reasons);
  }
}

export const live = new LiveState();
