// Keys to actions. Pure: what was pressed and what went before decide.

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export interface Situation {
  /** A field that takes text has the focus. */
  inField: boolean;
  /** A dialog is open. */
  inDialog: boolean;
  /** Keys that are a single character are on. */
  singleKeys: boolean;
}

/** A binding: `j`, `Enter`, `Shift+R`, `Mod+K` (⌘ or Ctrl), `g w` (one after the other). */
export type Binding = string;

export interface Outcome {
  action: string | null;
  /** The first key of a sequence, to be passed in with the next key. */
  waiting: string | null;
}

/** A sequence is forgotten after this. */
export const SEQUENCE_MS = 1500;

const NONE: Outcome = { action: null, waiting: null };

export function press(
  pressed: Pressed,
  waiting: string | null,
  situation: Situation,
  bindings: ReadonlyMap<Binding, string>,
): Outcome {
  const key = nameOf(pressed);
  if (key === null || situation.inDialog) return NONE;
  if (key.startsWith("Mod+")) return { action: bindings.get(key) ?? null, waiting: null };
  // Only characters can be typed by accident or by voice: Escape, Enter and the arrows always work.
  if (situation.inField || (!situation.singleKeys && /^(Shift\+)?.$/u.test(key))) return NONE;
  if (waiting !== null) return { action: bindings.get(`${waiting} ${key}`) ?? null, waiting: null };
  const action = bindings.get(key);
  if (action !== undefined) return { action, waiting: null };
  const begins = [...bindings.keys()].some((binding) => binding.startsWith(`${key} `));
  return begins ? { action: null, waiting: key } : NONE;
}

/** The name bindings use for what was pressed; null for what is no key of ours. */
export function nameOf(pressed: Pressed): string | null {
  if (pressed.altKey || ["Shift", "Control", "Alt", "Meta"].includes(pressed.key)) return null;
  const letter = pressed.key.length === 1;
  if (pressed.ctrlKey || pressed.metaKey) return `Mod+${letter ? pressed.key.toUpperCase() : pressed.key}`;
  if (letter && /\p{L}/u.test(pressed.key)) return pressed.shiftKey ? `Shift+${pressed.key.toUpperCase()}` : pressed.key.toLowerCase();
  return pressed.key;
}

/** How a binding is shown. */
export function shown(binding: Binding, mac: boolean): string[] {
  return binding.split(" ").flatMap((part, at) => {
    const keys = part.split("+").map((key) => {
      if (key === "Mod") return mac ? "⌘" : "Ctrl";
      if (key === "ArrowDown") return "↓";
      if (key === "ArrowUp") return "↑";
      if (key === "Escape") return "Esc";
      return /^[a-z]$/.test(key) ? key.toUpperCase() : key;
    });
    return at === 0 ? keys : ["then", ...keys];
  });
}
