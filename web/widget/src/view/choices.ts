// The answers under the open question.

import type { Translator } from "../i18n";
import { inert } from "../inert";
import type { Choice } from "../protocol";
import { button, h } from "./dom";

export function choiceList(t: Translator, choices: readonly Choice[], choose: (choice: Choice) => void): HTMLElement {
  const buttons = choices.map((choice) => {
    const label = inert(choice.label);
    return button("choice", label, () => choose(choice), h("bdi", {}, label));
  });
  return h("div.choices", { role: "group", "aria-label": t("choices") }, ...buttons);
}
