// The live stream: one EventSource, kept open, that says when something may have been missed.
import { ROOT } from "./client";
import type { ChangeEvent, NoticeEvent, Viewer } from "./types";

export interface LiveHandlers {
  change(event: ChangeEvent): void;
  presence(event: { conversation: string; viewers: Viewer[] }): void;
  contactTyping(event: { conversation: string; on: boolean }): void;
  notice(event: NoticeEvent): void;
  /** Connected. `gap` is true when events may have been missed: load again what is shown. */
  connected(gap: boolean): void;
  disconnected(): void;
  /** The stream was closed for good by the server: the session may have ended. */
  refused(): void;
}

const RETRY_MS = [1000, 2000, 4000, 8000, 15000];

export class Live {
  readonly #handlers: LiveHandlers;
  readonly #open: (url: string) => EventSource;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #tries = 0;
  #lastId = "";
  #wasOpen = false;

  constructor(handlers: LiveHandlers, open: (url: string) => EventSource = (url) => new EventSource(url)) {
    this.#handlers = handlers;
    this.#open = open;
  }

  start(): void {
    this.stop();
    const source = this.#open(this.#lastId ? `${ROOT}/events?after=${encodeURIComponent(this.#lastId)}` : `${ROOT}/events`);
    this.#source = source;
    source.addEventListener("hello", (event) => {
      const seq = read<{ seq?: number | string }>(event)?.seq;
      if (seq !== undefined && !this.#lastId) this.#lastId = String(seq);
      this.#tries = 0;
      this.#handlers.connected(this.#wasOpen);
      this.#wasOpen = true;
    });
    this.#on(source, "change", (data: ChangeEvent) => this.#handlers.change(data));
    this.#on(source, "presence", (data: { conversation: string; viewers: Viewer[] }) => this.#handlers.presence(data));
    this.#on(source, "contact_typing", (data: { conversation: string; on: boolean }) => this.#handlers.contactTyping(data));
    this.#on(source, "notice", (data: NoticeEvent) => this.#handlers.notice(data));
    source.addEventListener("resync", () => {
      this.#lastId = "";
      this.#handlers.connected(true);
    });
    source.onerror = () => {
      this.#handlers.disconnected();
      // The browser reconnects by itself unless the answer was not a stream.
      if (source.readyState === 2) this.#again();
    };
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#source?.close();
    this.#source = null;
  }

  /** The network came back or the page was shown again: don't wait for the timer. */
  nudge(): void {
    if (this.#source?.readyState !== 1) this.start();
  }

  #again(): void {
    this.stop();
    const wait = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 15000;
    this.#tries += 1;
    this.#handlers.refused();
    this.#timer = setTimeout(() => this.start(), wait);
  }

  #on<T>(source: EventSource, name: string, handle: (data: T) => void): void {
    source.addEventListener(name, (event) => {
      const id = (event as MessageEvent).lastEventId;
      if (id) this.#lastId = id;
      const data = read<T>(event);
      if (data) handle(data);
    });
  }
}

function read<T>(event: Event): T | null {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T;
  } catch {
    return null;
  }
}
