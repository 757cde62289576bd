// The round button in the corner, with the number of unread messages.

import type { Translator } from "../i18n";
import { attribute, button, CHAT, DOWN, h, icon, setText } from "./dom";

export interface Launcher {
  readonly node: HTMLButtonElement;
  update(open: boolean, unread: number, shown: boolean): void;
}

export function launcher(t: Translator, toggle: () => void): Launcher {
  const badge = h("span.unread", { "aria-hidden": "true" });
  const node = button("launcher", t("open"), toggle, icon(CHAT), icon(DOWN), badge);
  return {
    node,
    update(open, unread, shown) {
      const told = unread > 0 && !open;
      node.hidden = !shown;
      badge.hidden = !told;
      attribute(node, "aria-expanded", String(open));
      attribute(node, "aria-label", open ? t("close") : t("open") + (told ? `, ${t.count("unread", unread)}` : ""));
      setText(badge, unread > 99 ? "99+" : String(unread));
    },
  };
}
