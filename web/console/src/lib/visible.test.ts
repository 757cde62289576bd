import { describe, expect, it } from "vitest";
import { pieces, visible } from "./visible";

describe("hidden characters", () => {
  it("are named instead of obeyed", () => {
    expect(visible("photo\u202Egnp.exe")).toBe("photo[U+202E]gnp.exe");
    expect(pieces("a\u2066b")).toEqual([
      { text: "a", hidden: false },
      { text: "U+2066", hidden: true },
      { text: "b", hidden: false },
    ]);
  });

  it("are all of the list", () => {
    for (const code of [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x200b, 0x2060, 0xfeff, 0, 0x1b, 0x7f]) {
      expect(visible(String.fromCodePoint(code))).toBe(`[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`);
    }
  });

  it("don't touch writing, emoji and line breaks", () => {
    const text = "שלום, مرحبا, 👩‍👩‍👧 e\u0301\n\ttab\u200f";
    expect(visible(text)).toBe(text);
    expect(pieces(text)).toEqual([{ text, hidden: false }]);
    expect(pieces("")).toEqual([]);
  });
});
