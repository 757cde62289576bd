// Brings the parts together: frames and presses change the state, the state is shown.

import { CLOSE, connection, type Status } from "./connection";
import { pickLocale, translator } from "./i18n";
import { inert } from "./inert";
import { outbox, type Outbox } from "./outbox";
import { VERSION, type ClientFrame, type Entry, type Hello, type ServerFrame } from "./protocol";
import { readUser, socketUrl, type Settings } from "./settings";
import { INITIAL, lastSeq, reduce, unread, type Action } from "./store";
import { BLANK, keep, readMemo, writeMemo, type Keep, type Memo } from "./storage";
import { attribute, h, setText } from "./view/dom";
import { launcher } from "./view/launcher";
import { panel } from "./view/panel";
import { watchTheme } from "./view/theme";

const TYPING_EVERY = 3000;
const TYPING_ENDS = 5000;
/** Nobody types this long without a sign. */
const TYPING_FADES = 15_000;
const MAX_PAGE = 2000;
const DRAFT = "draft";

/** Tells the page: a DOM event of this name. */
export type Tell = (event: "ready" | "open" | "close" | "unread" | "message" | "error", detail?: object) => void;

/** What the page may ask of us, by the name it uses. */
export interface Commands {
  open(): void;
  close(): void;
  toggle(): void;
  compose(text?: unknown): void;
  show(): void;
  hide(): void;
  identify(user?: unknown): void;
  reset(): void;
  consent(given?: unknown): void;
}

export interface App {
  readonly node: HTMLElement;
  readonly commands: Commands;
  /** Once the node is on the page. */
  begin(): void;
}

export function app(settings: Settings, tell: Tell): App {
  const prefix = `switchboard:${settings.server}/${settings.inbox}:`;
  const locale = pickLocale(settings.locale, navigator.languages, settings.texts);
  const t = translator(locale, settings.texts);
  let { user, consent } = settings;
  let store: Keep = keep(null);
  let memo: Memo = BLANK;
  let state = INITIAL;
  let shown = settings.launcher;
  let got = 0;
  let counted = 0;
  let drawing = false;
  let typedAt = 0;
  let typingTimer = 0;
  let fadeTimer = 0;
  let before: Element | null = null;

  const link = connection(socketUrl(settings), {
    hello,
    frame: heard,
    closed,
    status(status: Status) {
      if (status !== "online") out.down();
      dispatch({ t: "@status", status });
    },
    malformed: (message) => trouble("malformed", message),
  });
  let out: Outbox = newOutbox();
  const commands: Commands = {
    open,
    close,
    toggle,
    compose(text) {
      open();
      if (typeof text !== "string") return;
      view.composer.fill(text);
      draft(text);
    },
    show: () => show(true),
    hide: () => show(false),
    identify,
    reset() {
      user = null;
      forget();
      close();
    },
    consent: agree,
  };
  const button = launcher(t, toggle);
  const view = panel(t, {
    close,
    draft,
    send: (text) => write("send", text),
    choose: ({ id, label }) => write("choose", label, id),
    anew: () => state.pending.some(({ kind }) => kind === "anew") || write("anew"),
    retry: (id) => out.retry(id),
    remove: (id) => out.settle(id),
    agree: () => agree(true),
  });
  const announcer = h("div.announcer", { role: "status" });
  const node = h("div.root", { "data-side": settings.side, lang: locale }, view.node, button.node, announcer);
  node.style.setProperty("--_offset", `${settings.offset}px`);
  addEventListener("storage", ({ key, newValue }) => key?.startsWith(prefix) && consent && elsewhere(key, newValue === null));
  document.addEventListener("visibilitychange", receipts);
  if (settings.launcherSelector) useLaunchers(settings.launcherSelector);

  return {
    node,
    commands,
    begin() {
      watchTheme(settings.theme, node);
      if (consent) remember();
      drawNow();
      tell("ready");
    },
  };

  // What visitor and page can do.

  function open(): void {
    if (state.open) return;
    before = document.activeElement;
    dispatch({ t: "@open", open: true });
    drawNow();
    view.focus();
    if (consent) link.start();
    send({ t: "open" });
    receipts();
    tell("open");
  }

  function close(): void {
    if (!state.open) return;
    dispatch({ t: "@open", open: false });
    drawNow();
    const back = button.node.hidden && before instanceof HTMLElement ? before : button.node;
    back.focus({ preventScroll: true });
    tell("close");
  }

  function toggle(): void {
    if (state.open) close();
    else open();
  }

  function show(now: boolean): void {
    shown = now;
    if (!now) close();
    draw();
  }

  function identify(value: unknown): void {
    const now = readUser(value);
    if (!now) return trouble("identify", "identify needs {id, hash}");
    if (now.id === user?.id && now.hash === user.hash) return;
    user = now;
    if (!consent) return;
    const connected = state.status !== "idle";
    checkUser();
    if (connected) link.restart();
    else wake();
  }

  function agree(value: unknown): void {
    const given = value !== false;
    if (given === consent) return;
    consent = given;
    if (given) {
      remember();
      drawNow();
      if (state.open) view.focus();
    } else {
      forget();
      store = keep(null);
      out = newOutbox();
      close();
    }
  }

  function write(kind: "send" | "choose" | "anew", text = "", choice: string | null = null): boolean {
    const taken = out.add(kind, text, choice);
    view.fail(taken ? "" : t("full"));
    if (!taken) return false;
    link.start();
    typing(false);
    return true;
  }

  function draft(text: string): void {
    if (text) store.set(DRAFT, text.slice(0, state.textLimit * 2));
    else store.remove(DRAFT);
    typing(text.trim() !== "");
  }

  function typing(on: boolean): void {
    clearTimeout(typingTimer);
    if (on) typingTimer = window.setTimeout(() => typing(false), TYPING_ENDS);
    if (on ? Date.now() - typedAt < TYPING_EVERY : typedAt === 0) return;
    typedAt = on ? Date.now() : 0;
    send({ t: "typing", on });
  }

  function useLaunchers(selector: string): void {
    document.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest(selector)) toggle();
    });
  }

  // What this browser knows.

  function newOutbox(): Outbox {
    return outbox(store, { send, stuck: link.drop, changed: (items) => dispatch({ t: "@pending", items }) });
  }

  function remember(): void {
    store = keep(prefix);
    memo = readMemo(store);
    out = newOutbox();
    checkUser();
    dispatch({ t: "@seen", seq: memo.seen });
    dispatch({ t: "@pending", items: out.items() });
    view.composer.fill(store.get(DRAFT) ?? "");
    wake();
  }

  /** Without being asked we connect only where a conversation is known, or something waits to go out. */
  function wake(): void {
    if (state.open || (memo.token && (memo.conversation || memo.seen)) || out.items().length) link.start();
  }

  /** Another person signed in: what the browser holds belongs to somebody else. */
  function checkUser(): void {
    if (!user) return;
    if (memo.user !== null && memo.user !== user.id) forget();
    memorise({ user: user.id });
  }

  /** Nothing of this visitor stays in the browser. */
  function forget(): void {
    link.stop();
    out.clear();
    store.clear();
    memo = BLANK;
    view.composer.fill("");
    dispatch({ t: "@forget" });
  }

  function memorise(change: Partial<Memo>): void {
    memo = { ...memo, ...change };
    writeMemo(store, memo);
  }

  /** Another tab of this page wrote to the browser's storage. */
  function elsewhere(key: string, removed: boolean): void {
    if (key.includes(":out.")) return out.sync();
    if (!key.endsWith(":memo")) return;
    if (removed) return forget();
    memo = readMemo(store);
    if (memo.conversation === state.conversation) dispatch({ t: "@seen", seq: memo.seen });
  }

  // What goes over the wire.

  function send(frame: ClientFrame): boolean {
    return link.send(frame);
  }

  function hello(): Hello {
    const { conversation } = state;
    return {
      t: "hello",
      v: VERSION,
      token: memo.token,
      user,
      conversation: conversation ?? memo.conversation,
      after: conversation ? lastSeq(state) : 0,
      language: settings.locale === "auto" ? navigator.language : settings.locale,
      // Query and fragment may hold secrets of the page.
      page: (location.origin + location.pathname).slice(0, MAX_PAGE),
      device: device(),
    };
  }

  function heard(frame: ServerFrame): void {
    const { loading } = state;
    const fresh = frame.t === "entry" && frame.seq > lastSeq(state);
    dispatch(frame);
    switch (frame.t) {
      case "welcome":
        got = 0;
        memorise({ token: frame.token, conversation: frame.conversation, ...(memo.conversation && frame.conversation !== memo.conversation ? { seen: 0 } : {}) });
        dispatch({ t: "@seen", seq: memo.seen });
        out.up();
        if (state.open) send({ t: "open" });
        break;
      case "conversation":
        got = 0;
        memorise({ conversation: frame.conversation, ...(frame.reset ? { seen: 0 } : {}) });
        if (frame.reset) out.forgetSent();
        break;
      case "entry":
        if (frame.cid) out.settle(frame.cid);
        if (fresh && !loading) arrived(frame);
        receipts();
        break;
      case "ready":
        receipts();
        break;
      case "ack":
        out.acked(frame.id);
        break;
      case "nack":
        out.nacked(frame.id, frame.code, frame.retry_after_ms);
        trouble(frame.code, frame.message);
        break;
      case "error":
        trouble(frame.code, frame.message);
        break;
      case "typing":
        clearTimeout(fadeTimer);
        fadeTimer = window.setTimeout(() => dispatch({ t: "typing", on: false, name: null }), TYPING_FADES);
        break;
      case "state":
      case "pong":
    }
  }

  function arrived({ id, seq, from, text }: Entry): void {
    if (from.kind === "contact") return;
    tell("message", { id, seq, from: from.kind, text });
    const name = from.kind === "agent" ? from.name : state.bot;
    // An open panel's log speaks for itself.
    if (!state.open && from.kind !== "system") setText(announcer, t("arrived", { name: inert(name) || t("bot") }));
  }

  function closed(code: number): void {
    if (code === CLOSE.token) {
      const stored = readMemo(store);
      // Another tab may have been given a newer one.
      if (stored.token !== memo.token) memo = stored;
      else memorise({ token: null, conversation: null, seen: 0 });
    }
    if (code === CLOSE.token || code === CLOSE.sequence) dispatch({ t: "@forget" });
    if (code === CLOSE.tooLarge || code === CLOSE.malformed) out.failInFlight();
    if (code === CLOSE.refused) trouble("refused", "a signed identity is needed, or this site may not use the inbox");
    out.down();
  }

  /** Tells what arrived and what was looked at, each once. */
  function receipts(): void {
    const seq = lastSeq(state);
    if (state.loading) return;
    if (seq > got && send({ t: "got", seq })) got = seq;
    if (state.open && !document.hidden && seq > state.seen && send({ t: "seen", seq })) {
      memorise({ seen: seq });
      dispatch({ t: "@seen", seq });
    }
  }

  function trouble(code: string, message: string): void {
    tell("error", { code, message });
  }

  // What is shown.

  function dispatch(action: Action): void {
    state = reduce(state, action);
    const count = unread(state);
    if (count !== counted && !state.loading) {
      counted = count;
      tell("unread", { count });
    }
    draw();
  }

  /** Once for all that happens at a time; a long history is not drawn entry by entry. */
  function draw(): void {
    if (drawing) return;
    drawing = true;
    setTimeout(drawNow, state.loading ? 30 : 0);
  }

  function drawNow(): void {
    drawing = false;
    attribute(node, "data-open", state.open);
    view.update(state, !consent);
    button.update(state.open, unread(state), shown);
  }
}

function device(): Hello["device"] {
  const fits = (query: string): boolean => matchMedia(query).matches;
  if (fits("(max-width: 639.98px)")) return "phone";
  return fits("(pointer: coarse) and (max-width: 1400px)") ? "tablet" : "desktop";
}
