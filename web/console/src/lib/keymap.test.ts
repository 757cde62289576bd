import { describe, expect, it } from "vitest";
import { nameOf, press, shown, type Pressed, type Situation } from "./keymap";

const FREE: Situation = { inField: false, inDialog: false, singleKeys: true };
const BINDINGS = new Map([
  ["j", "next"],
  ["r", "reply"],
  ["Shift+R", "reopen"],
  ["?", "help"],
  ["Escape", "back"],
  ["Mod+K", "palette"],
  ["g w", "waiting"],
  ["g r", "resolved"],
]);

function key(name: string, more: Partial<Pressed> = {}): Pressed {
  return { key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more };
}

describe("press", () => {
  it("finds single keys, capital or small by Shift alone", () => {
    expect(press(key("j"), null, FREE, BINDINGS).action).toBe("next");
    expect(press(key("J"), null, FREE, BINDINGS).action).toBe("next");
    expect(press(key("R", { shiftKey: true }), null, FREE, BINDINGS).action).toBe("reopen");
    expect(press(key("?", { shiftKey: true }), null, FREE, BINDINGS).action).toBe("help");
  });

  it("follows a sequence, and a wrong second key is nothing", () => {
    const first = press(key("g"), null, FREE, BINDINGS);
    expect(first).toEqual({ action: null, waiting: "g" });
    expect(press(key("r"), first.waiting, FREE, BINDINGS)).toEqual({ action: "resolved", waiting: null });
    expect(press(key("j"), first.waiting, FREE, BINDINGS)).toEqual({ action: null, waiting: null });
  });

  it("leaves fields alone but for ⌘ and Ctrl", () => {
    const field = { ...FREE, inField: true };
    expect(press(key("j"), null, field, BINDINGS).action).toBeNull();
    expect(press(key("g"), null, field, BINDINGS).waiting).toBeNull();
    expect(press(key("k", { ctrlKey: true }), null, field, BINDINGS).action).toBe("palette");
    expect(press(key("k", { metaKey: true }), null, field, BINDINGS).action).toBe("palette");
  });

  it("can be turned off for single keys", () => {
    const off = { ...FREE, singleKeys: false };
    expect(press(key("j"), null, off, BINDINGS).action).toBeNull();
    expect(press(key("R", { shiftKey: true }), null, off, BINDINGS).action).toBeNull();
    expect(press(key("g"), null, off, BINDINGS).waiting).toBeNull();
    expect(press(key("Escape"), null, off, BINDINGS).action).toBe("back");
    expect(press(key("k", { ctrlKey: true }), null, off, BINDINGS).action).toBe("palette");
  });

  it("is silent under a dialog, with Alt and for keys of the browser", () => {
    expect(press(key("k", { ctrlKey: true }), null, { ...FREE, inDialog: true }, BINDINGS).action).toBeNull();
    expect(press(key("j", { altKey: true }), null, FREE, BINDINGS).action).toBeNull();
    expect(press(key("r", { ctrlKey: true }), null, FREE, BINDINGS).action).toBeNull();
    expect(nameOf(key("Shift", { shiftKey: true }))).toBeNull();
  });
});

describe("shown", () => {
  it("writes keys as they stand on the keyboard", () => {
    expect(shown("Mod+K", true)).toEqual(["⌘", "K"]);
    expect(shown("Mod+K", false)).toEqual(["Ctrl", "K"]);
    expect(shown("g w", false)).toEqual(["G", "then", "W"]);
    expect(shown("ArrowDown", false)).toEqual(["↓"]);
  });
});
