// One WebSocket to the inbox that comes back by itself. Knows the protocol's close codes, not its meaning.

import { parse, type ClientFrame, type ServerFrame } from "./protocol";

export type Status = "idle" | "connecting" | "online" | "offline" | "unavailable" | "refused";

export const CLOSE = { malformed: 4400, token: 4401, refused: 4403, sequence: 4409, tooLarge: 4413, tooMany: 4429, restart: 1012 } as const;

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
/** A link that held this long was a good one: the next loss starts counting anew. */
const STABLE = 5000;
const WELCOME_TIMEOUT = 15_000;
const SILENCE = 25_000;
const PONG_TIMEOUT = 10_000;
/** After so many failures in a row we no longer say "connecting". */
const PATIENCE = 2;
/** A code that asks for an immediate return is obeyed this often in a row. */
const TRUST = 3;

/** Milliseconds until the next attempt, or null: don't come back. `random` is in 0..1. */
export function retryDelay(code: number, failures: number, random: number): number | null {
  if (code === CLOSE.refused) return null;
  if (code === CLOSE.tooMany) return 10_000 + random * 1000;
  if (failures < TRUST) {
    if (code === CLOSE.restart) return random * 1000;
    if (code === CLOSE.token) return 0;
  }
  return random * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(failures, 10));
}

export interface Listener {
  hello(): ClientFrame;
  frame(frame: ServerFrame): void;
  malformed(problem: string): void;
  closed(code: number): void;
  status(status: Status): void;
}

export interface Connection {
  start(): void;
  stop(): void;
  /** Closes and connects anew at once: who we are has changed. */
  restart(): void;
  /** Gives the link up as lost and tries again. A dead network may take minutes to say so itself. */
  drop(): void;
  /** False: not connected, nothing went out. */
  send(frame: ClientFrame): boolean;
}

export function connection(url: string, listener: Listener): Connection {
  let socket: WebSocket | null = null;
  let wanted = false;
  let failures = 0;
  let welcomedAt = 0;
  let watchdog = 0;
  let retry = 0;
  let status: Status = "idle";

  addEventListener("online", hurry);
  addEventListener("pageshow", hurry);
  addEventListener("offline", drop);
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
  return { start, stop, drop, send, restart: () => (stop(), start()) };

  function start(): void {
    if (wanted) return;
    wanted = true;
    failures = 0;
    connect();
  }

  function stop(): void {
    wanted = false;
    release();
    say("idle");
  }

  function send(frame: ClientFrame): boolean {
    if (status !== "online" || socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  function drop(): void {
    if (socket) lost(0);
  }

  function hurry(): void {
    if (retry) connect();
  }

  function connect(): void {
    release();
    say(waiting());
    try {
      const fresh = (socket = new WebSocket(url));
      watch(WELCOME_TIMEOUT, drop);
      fresh.onopen = () => fresh.send(JSON.stringify(listener.hello()));
      fresh.onmessage = ({ data }) => heard(parse(data));
      fresh.onclose = ({ code }) => lost(code);
    } catch {
      // The page's policy forbids this address.
      lost(0);
    }
  }

  function heard(frame: ServerFrame | string): void {
    if (typeof frame === "string") return listener.malformed(frame);
    if (frame.t === "welcome") {
      welcomedAt = Date.now();
      say("online");
    }
    if (welcomedAt) listen();
    listener.frame(frame);
  }

  /** A quiet line is asked whether it is still there. */
  function listen(): void {
    watch(SILENCE, () => {
      send({ t: "ping" });
      watch(PONG_TIMEOUT, drop);
    });
  }

  function watch(time: number, act: () => void): void {
    clearTimeout(watchdog);
    watchdog = window.setTimeout(act, time);
  }

  function lost(code: number): void {
    if (welcomedAt && Date.now() - welcomedAt > STABLE) failures = 0;
    release();
    const delay = retryDelay(code, failures, Math.random());
    failures += 1;
    wanted = delay !== null;
    if (delay !== null) retry = window.setTimeout(connect, delay);
    say(wanted ? waiting() : "refused");
    listener.closed(code);
  }

  function waiting(): Status {
    if (!navigator.onLine) return "offline";
    return failures > PATIENCE ? "unavailable" : "connecting";
  }

  function release(): void {
    clearTimeout(watchdog);
    clearTimeout(retry);
    retry = welcomedAt = 0;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function say(now: Status): void {
    if (status === now) return;
    status = now;
    listener.status(now);
  }
}
