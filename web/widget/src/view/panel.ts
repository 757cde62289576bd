// The open chat: its parts, the keyboard, and where the focus goes.

import type { Translator } from "../i18n";
import type { State } from "../store";
import { composer, type Composer, type Writing } from "./composer";
import { attribute, button, h, setText } from "./dom";
import { messages, type Acts } from "./messages";
import { banner, header, typing } from "./status";

export interface PanelActs extends Acts, Writing {
  close(): void;
  anew(): void;
  agree(): void;
}

export interface Panel {
  readonly node: HTMLElement;
  readonly composer: Composer;
  update(state: State, asking: boolean): void;
  fail(text: string): void;
  focus(): void;
}

export function panel(t: Translator, acts: PanelActs): Panel {
  const head = header(t, acts.close);
  const list = messages(t, acts);
  const typist = typing(t);
  const news = banner(t, acts.agree);
  const writer = composer(t, acts);
  const trouble = h("p.alert", { role: "alert" });
  const anew = button("anew", t("anew"), () => {
    acts.anew();
    writer.input.focus();
  });
  const node = h(
    "section.panel",
    { role: "dialog", "aria-label": t("title"), tabindex: -1, hidden: true },
    head.node,
    list.node,
    typist.node,
    news.node,
    anew,
    trouble,
    writer.node,
  );

  const phone = matchMedia("(max-width: 639.98px)");
  const modal = (): void => attribute(node, "aria-modal", phone.matches && "true");
  phone.addEventListener("change", modal);
  modal();
  // A phone's keyboard covers part of the page: the panel takes what is left.
  const seen = window.visualViewport;
  seen?.addEventListener("resize", () => {
    if (seen.scale === 1) node.style.setProperty("--_height", `${seen.height}px`);
  });
  node.addEventListener("keydown", (event) => {
    // What is typed here is none of the page's shortcuts.
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) acts.close();
    else if (event.key === "Tab" && phone.matches && wrap(event.shiftKey)) event.preventDefault();
  });

  /** On a phone the panel covers the page, so the focus must not go behind it. */
  function wrap(back: boolean): boolean {
    const stops = [...node.querySelectorAll<HTMLElement>("a, button, textarea, [tabindex='0']")].filter(
      (stop) => !stop.matches(":disabled") && stop.getClientRects().length,
    );
    const focused = (node.getRootNode() as ShadowRoot).activeElement;
    const [edge, other] = back ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (focused !== edge && focused !== node) return false;
    other?.focus();
    return true;
  }

  return {
    node,
    composer: writer,
    update(state, asking) {
      const opening = state.open && node.hidden;
      const busy = state.pending.some(({ kind, state }) => kind === "anew" && state !== "failed");
      node.hidden = !state.open;
      head.update(state);
      typist.update(state);
      news.update(state, asking);
      anew.hidden = !state.resolved;
      attribute(anew, "aria-disabled", busy && "true");
      writer.update(state.textLimit, !asking && state.status !== "refused");
      if (list.update(state)) writer.input.focus();
      if (!opening) return;
      writer.fill(writer.input.value);
      list.toEnd();
    },
    fail: (text) => setText(trouble, text),
    focus: () => (writer.input.disabled ? node : writer.input).focus({ preventScroll: true }),
  };
}
