// The script line's work: makes the element, reads the settings, answers `Switchboard(command, …)`.

import { app, type Commands } from "./app";
import { readSettings } from "./settings";
import css from "./view/widget.css?inline";

const NAME = "switchboard-chat";
const script = (document.currentScript ?? document.querySelector("script[src*='/widget.js']")) as HTMLScriptElement | null;

type Entrance = ((command: unknown, value?: unknown) => void) & { q?: Iterable<ArrayLike<unknown>> };

declare global {
  interface Window {
    Switchboard?: Entrance;
    switchboardSettings?: Record<string, unknown>;
  }
}

class SwitchboardChat extends HTMLElement {
  commands: Commands | null = null;

  connectedCallback(): void {
    if (this.commands) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    const settings = readSettings(home(), { ...window.switchboardSettings }, { ...script?.dataset }, { ...this.dataset });
    const { node, commands, begin } = app(settings, (event, detail) =>
      this.dispatchEvent(new CustomEvent(`switchboard:${event}`, { detail, bubbles: true, composed: true })),
    );
    this.commands = commands;
    shadow.append(node);
    begin();
  }
}

/** Where the script came from is where the chat is. */
function home(): string {
  return new URL(".", new URL(script?.getAttribute("src") ?? "/", document.baseURI)).href.slice(0, -1);
}

function begin(): void {
  const placed = document.querySelector<SwitchboardChat>(NAME);
  const element = placed ?? (document.createElement(NAME) as SwitchboardChat);
  if (!placed) document.body.append(element);
  // Page apps swap the whole body; the chat moves along.
  new MutationObserver(() => element.isConnected || document.body?.append(element)).observe(document.documentElement, { childList: true });

  const waiting = window.Switchboard?.q ?? [];
  const enter: Entrance = (name, value) => {
    const { commands } = element;
    if (commands && Object.hasOwn(commands, String(name))) commands[name as keyof Commands](value);
    else console.warn(`Switchboard: unknown command "${String(name)}"`);
  };
  window.Switchboard = enter;
  for (const { 0: name, 1: value } of waiting) enter(name, value);
}

// A script line given twice, or a page app that runs it again, changes nothing.
if (!customElements.get(NAME)) {
  customElements.define(NAME, SwitchboardChat);
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
}
