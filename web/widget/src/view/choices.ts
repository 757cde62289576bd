// The answers under a question. Once answered they stay to be read, and can no longer be pressed.

import type { Translator } from "../i18n";
import { inert } from "../inert";
import type { Choice } from "../protocol";
import type { Choices } from "../timeline";
import { attribute, button, CHECK, h, icon } from "./dom";

export function choiceList(t: Translator, { items, live, chosen }: Choices, choose: (choice: Choice) => void): HTMLElement {
  const buttons = items.map((choice) => {
    const picked = choice.id === chosen;
    const label = inert(choice.label);
    const name = picked ? `${label} (${t("chosen")})` : label;
    const node = button("choice", name, () => choose(choice), picked && icon(CHECK), h("bdi", {}, label));
    node.disabled = !live;
    attribute(node, "data-chosen", picked);
    return node;
  });
  return h("div.choices", { role: "group", "aria-label": t("choices") }, ...buttons);
}
