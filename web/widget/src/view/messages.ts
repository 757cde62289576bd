// The transcript. Every row keeps its element as long as it lives, so that a screen reader hears each message once.

import type { Translator } from "../i18n";
import { inert, safeUrl } from "../inert";
import { anchor, markdown, plain } from "../markdown";
import type { Author, Choice, Citation } from "../protocol";
import type { State } from "../store";
import { timeline, type MessageRow, type Row } from "../timeline";
import { choiceList } from "./choices";
import { attribute, button, DOWN, h, icon } from "./dom";

/** Nearer than this to the end, the view follows what arrives. */
const NEAR_END = 80;
const DAY = 86_400_000;

export interface Acts {
  choose(choice: Choice): void;
  retry(id: string): void;
  remove(id: string): void;
}

export interface Messages {
  readonly node: HTMLElement;
  /** True when the element that had the focus is gone. */
  update(state: State): boolean;
  toEnd(): void;
}

export function messages(t: Translator, acts: Acts): Messages {
  const drawn = new Map<string, { readonly node: HTMLElement; readonly shape: string }>();
  const clock = new Intl.DateTimeFormat(t.locale, { hour: "numeric", minute: "2-digit" });
  const log = h("div.log", { role: "log", "aria-relevant": "additions", "aria-live": "polite", "aria-label": t("log"), tabindex: 0 });
  const newer = button("newer", t("newer"), () => {
    toEnd();
    log.focus();
  });
  newer.prepend(icon(DOWN));
  newer.hidden = true;
  const node = h("div.messages", {}, log, newer);
  let following = true;
  let newest = "";

  log.addEventListener("scroll", () => {
    following = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
    if (following) newer.hidden = true;
  });
  // Notices come and go below; the last message stays in sight.
  new ResizeObserver(() => following && toEnd()).observe(log);

  return {
    node,
    toEnd,
    update(state) {
      attribute(log, "aria-busy", state.loading && "true");
      const rows = timeline(state);
      const focused = (node.getRootNode() as ShadowRoot).activeElement;
      const keys = new Set(rows.map(({ key }) => key));
      for (const [key, { node: old }] of drawn) {
        if (keys.has(key)) continue;
        old.remove();
        drawn.delete(key);
      }
      let place = log.firstChild;
      for (const row of rows) {
        const element = draw(row, state.bot);
        if (element === place) place = place.nextSibling;
        else log.insertBefore(element, place);
      }
      const last = rows.at(-1);
      const news = last && last.key !== newest;
      newest = last?.key ?? "";
      if (following || (news && last.kind !== "day" && last.said.from.kind === "contact")) toEnd();
      else if (news) newer.hidden = false;
      return !!focused && !focused.isConnected;
    },
  };

  function toEnd(): void {
    following = newer.hidden = true;
    log.scrollTop = log.scrollHeight;
  }

  function draw(row: Row, bot: string): HTMLElement {
    const shape = JSON.stringify([row, bot]);
    const old = drawn.get(row.key);
    if (old?.shape === shape) return old.node;
    const node = old?.node ?? h("div");
    drawn.set(row.key, { node, shape });
    node.className = row.kind;
    attribute(node, "data-testid", row.kind);
    if (row.kind === "day") {
      node.textContent = dayName(t.locale, row.at);
      return node;
    }
    const { kind, said, choices, first, last, state, note } = row;
    const { from, text, format, citation } = said;
    const body = format === "markdown" ? markdown(text) : plain(text, from.kind === "agent");
    const content = h("div.text", { dir: "auto" }, body);
    if (kind === "system") {
      node.replaceChildren(content);
    } else {
      attribute(node, "data-from", from.kind);
      attribute(node, "data-state", state);
      node.classList.toggle("first", first);
      node.classList.toggle("last", last);
      node.replaceChildren(h("div.bubble", {}, h("span.hidden", {}, `${author(from, bot)}: `), content, citation && source(citation)));
    }
    if (choices.length) node.append(choiceList(t, choices, acts.choose));
    if (kind === "message" && (last || note)) node.append(meta(row, bot));
    return node;
  }

  function meta({ said, at, note, key }: MessageRow, bot: string): HTMLElement {
    const other = said.from.kind !== "contact";
    const node = h("div.meta", {}, other && h("bdi", {}, author(said.from, bot)), other && " · ", h("time", { datetime: new Date(at).toISOString() }, clock.format(at)));
    if (note) node.append(" · ", h("span.note", {}, t(note)));
    if (note === "failed") node.append(button("retry", t("retry"), () => acts.retry(key)), button("remove", t("remove"), () => acts.remove(key)));
    return node;
  }

  function author(from: Author, bot: string): string {
    return from.kind === "contact" ? t("you") : inert(from.kind === "agent" ? from.name : bot) || t("bot");
  }

  function source({ title, url }: Citation): HTMLElement {
    const href = url === null ? null : safeUrl(url);
    const name = h("bdi", {}, inert(title));
    return h("div.source", {}, `${t("source")}: `, href ? anchor(href, name) : name);
  }
}

function dayName(locale: string, at: number): string {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / DAY);
  if (days < -1 || days > 0) return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }).format(at);
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");
}
