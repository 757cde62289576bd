// What each person sets for this browser.
import { load, local, save } from "../lib/storage";

export type Theme = "system" | "light" | "dark";
export type EnterKey = "send" | "newline";

interface Saved {
  theme: Theme;
  singleKeys: boolean;
  enter: EnterKey;
  panel: boolean;
}

// The same key is read by public/theme.js before the first paint.
const KEY = "switchboard.settings";
const DEFAULTS: Saved = { theme: "system", singleKeys: true, enter: "send", panel: true };

class Settings {
  theme = $state<Theme>(DEFAULTS.theme);
  singleKeys = $state(DEFAULTS.singleKeys);
  /** What Enter does in the reply box; ⌘/Ctrl Enter always sends. */
  enter = $state<EnterKey>(DEFAULTS.enter);
  /** The contact panel is open where there is room for it. */
  panel = $state(DEFAULTS.panel);

  constructor() {
    const saved = { ...DEFAULTS, ...load<Partial<Saved>>(local, KEY, {}) };
    this.theme = saved.theme === "light" || saved.theme === "dark" ? saved.theme : "system";
    this.singleKeys = saved.singleKeys !== false;
    this.enter = saved.enter === "newline" ? "newline" : "send";
    this.panel = saved.panel !== false;
  }

  change(change: Partial<Saved>): void {
    Object.assign(this, change);
    if (this.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.theme;
    save(local, KEY, { theme: this.theme, singleKeys: this.singleKeys, enter: this.enter, panel: this.panel });
  }
}

export const settings = new Settings();
