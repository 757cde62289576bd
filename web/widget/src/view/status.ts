// The lines that tell how things stand: who is in charge, the connection, the queue, somebody typing.

import type { Translator } from "../i18n";
import { inert } from "../inert";
import type { State } from "../store";
import { attribute, button, CLOSE, h, icon, setText } from "./dom";

export interface Part {
  readonly node: HTMLElement;
  update(state: State): void;
}

export function header(t: Translator, close: () => void): Part {
  const avatar = h("span.avatar", { "aria-hidden": "true" });
  const name = h("h2.title");
  const about = h("div.connection");
  const node = h("div.header", {}, avatar, h("div.who", {}, name, about), button("close", t("close"), close, icon(CLOSE)));
  return {
    node,
    update({ handler, status, bot }) {
      const title = inert(handler.kind === "agent" ? handler.name : bot) || t("title");
      setText(name, title);
      setText(avatar, [...title.trim()][0] ?? "");
      setText(about, status === "online" ? t(`about.${handler.kind}`) : status === "idle" ? "" : t(status));
      attribute(node, "data-status", status);
    },
  };
}

/** One notice above the composer; the most pressing news wins. */
export function banner(t: Translator, agree: () => void): { readonly node: HTMLElement; update(state: State, asking: boolean): void } {
  const text = h("p.status", { role: "status" });
  const yes = button("agree", t("agree"), agree);
  const node = h("div.notice", {}, text, yes);
  return {
    node,
    update(state, asking) {
      setText(text, asking ? t("tell.consent") : tell(t, state));
      yes.hidden = !asking;
    },
  };
}

function tell(t: Translator, { status, handler, resolved }: State): string {
  if (status === "offline" || status === "unavailable" || status === "refused") return t(`tell.${status}`);
  return handler.kind === "queue" && !resolved ? t.count("queue", handler.ahead) : "";
}

export function typing(t: Translator): Part {
  const text = h("span.hidden");
  const node = h("div.typing", { role: "status" }, h("i"), h("i"), h("i"), text);
  return {
    node,
    update({ typing }) {
      attribute(node, "data-on", typing !== null);
      setText(text, typing === null ? "" : t("typing", { name: inert(typing) || t("bot") }));
    },
  };
}
