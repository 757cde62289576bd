// Where the visitor writes. Enter sends, Shift and Enter break the line; an input method's Enter belongs to the method.

import type { Translator } from "../i18n";
import { attribute, button, h, icon, SEND, setText } from "./dom";

const TALLEST = 132;
/** So near to the limit, the number of characters is told. */
const NEAR = 200;

export interface Composer {
  readonly node: HTMLElement;
  readonly input: HTMLTextAreaElement;
  update(limit: number, enabled: boolean): void;
  fill(text: string): void;
}

export interface Writing {
  /** False: not taken, keep the text. */
  send(text: string): boolean;
  draft(text: string): void;
}

export function composer(t: Translator, writing: Writing): Composer {
  let limit = Infinity;
  const input = h("textarea.input", { rows: 1, "aria-label": t("input"), "aria-describedby": "limit", placeholder: t("placeholder"), dir: "auto", enterkeyhint: "send" });
  const go = button("send", t("send"), submit, icon(SEND));
  const counter = h("p.limit", { id: "limit", role: "status" });
  const node = h("div.composer", {}, counter, h("div.field", {}, input, go));

  input.addEventListener("input", () => {
    writing.draft(input.value);
    look();
  });
  input.addEventListener("keydown", (event) => {
    // 229: Safari reports the Enter that ends a composition after the composition.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });

  return {
    node,
    input,
    fill,
    update(newLimit, enabled) {
      if (limit === newLimit && input.disabled !== enabled) return;
      limit = newLimit;
      input.disabled = !enabled;
      look();
    },
  };

  function fill(text: string): void {
    input.value = text;
    look();
  }

  function submit(): void {
    const text = input.value.trim();
    if (text && excess() <= 0 && writing.send(text)) {
      fill("");
      writing.draft("");
    }
    input.focus();
  }

  /** Characters over the limit, counted as the server does: one for each code point. */
  function excess(): number {
    return [...input.value.trim()].length - limit;
  }

  function look(): void {
    input.style.height = "auto";
    if (input.scrollHeight) input.style.height = `${Math.min(TALLEST, input.scrollHeight)}px`;
    const over = excess();
    const size = { n: (over + limit).toLocaleString(t.locale), max: limit.toLocaleString(t.locale) };
    setText(counter, over > -NEAR ? t("limit", size) : "");
    attribute(input, "aria-invalid", over > 0 && "true");
    attribute(go, "aria-disabled", (over > 0 || !input.value.trim() || input.disabled) && "true");
  }
}
