import { describe, expect, it } from "vitest";
import { parse, safeLink, type Span } from "./markdown";

function spans(markdown: string): Span[] {
  const block = parse(markdown)[0];
  if (!block || block.kind === "code") throw new Error("no words");
  return block.spans;
}
const words = (markdown: string) => parse(markdown).map((block) => (block.kind === "code" ? block.text : block.spans.map(({ text }) => text).join("")));

describe("inline", () => {
  it("reads bold, italic and code", () => {
    expect(spans("a **b** _c_ *d* `e*f*`").map(({ text, bold, italic, code }) => [text, bold, italic, code])).toEqual([
      ["a ", false, false, false],
      ["b", true, false, false],
      [" ", false, false, false],
      ["c", false, true, false],
      [" ", false, false, false],
      ["d", false, true, false],
      [" ", false, false, false],
      ["e*f*", false, false, true],
    ]);
  });

  it("reads markup inside bold", () => {
    expect(spans("**a `b` [c](https://d.example)**").map(({ text, bold, link }) => [text, bold, link])).toEqual([
      ["a ", true, null],
      ["b", true, null],
      [" ", true, null],
      ["c", true, "https://d.example"],
    ]);
  });

  it("leaves lone marks, snake_case and sums alone", () => {
    for (const text of ["2 * 3 * 4", "a ** b", "router_lights_red", "5*", "[a] (b)", "`open"]) {
      expect(spans(text)).toEqual([{ text, bold: false, italic: false, code: false, link: null }]);
    }
  });

  it("obeys a backslash", () => {
    expect(spans("\\*not\\* \\[a\\](b)").map(({ text, italic, link }) => [text, italic, link])).toEqual([["*not* [a](b)", false, null]]);
  });
});

describe("links", () => {
  it("lead only to the web, mail and telephone", () => {
    expect(safeLink("https://a.example/x?y=1")).toBe("https://a.example/x?y=1");
    expect(safeLink("MAILTO:a@b.example")).toBe("MAILTO:a@b.example");
    for (const bad of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//a.example", "/x", "java\nscript:x", " https://a.example", "https://a\u0000.example"]) {
      expect(safeLink(bad)).toBeNull();
    }
  });

  it("stay text when they lead elsewhere", () => {
    expect(spans("[press](javascript:alert)")).toEqual([{ text: "[press](javascript:alert)", bold: false, italic: false, code: false, link: null }]);
  });

  it("are found in plain addresses, without the full stop after them", () => {
    expect(spans("see https://a.example/b.").map(({ text, link }) => [text, link])).toEqual([
      ["see ", null],
      ["https://a.example/b", "https://a.example/b"],
      [".", null],
    ]);
    expect(spans("<https://a.example>").map(({ text, link }) => [text, link])).toEqual([["https://a.example", "https://a.example"]]);
  });
});

describe("blocks", () => {
  it("reads paragraphs, lists, quotes, headings and code", () => {
    const found = parse("# Title\n\nOne\ntwo\n\n- a\n  - b\n1. c\n> said\n```sh\nrm *x*\n```\nend");
    expect(found.map(({ kind }) => kind)).toEqual(["heading", "paragraph", "item", "item", "item", "quote", "code", "paragraph"]);
    expect(found[2]).toMatchObject({ mark: "•", depth: 0 });
    expect(found[3]).toMatchObject({ mark: "•", depth: 1 });
    expect(found[4]).toMatchObject({ mark: "1." });
    expect(words("One\ntwo")).toEqual(["One\ntwo"]);
    expect(found[6]).toEqual({ kind: "code", text: "rm *x*" });
  });

  it("never makes elements of HTML: it is text", () => {
    expect(words("<img src=x onerror=alert(1)>\n\n<script>x</script>")).toEqual(["<img src=x onerror=alert(1)>", "<script>x</script>"]);
  });

  it("ends on hostile input, soon and without loss", () => {
    for (const piece of ["*", "**", "_", "`", "[", "](", "> ", "- ", "[a](", "**a*", "<https://", "\\"]) {
      const text = piece.repeat(8000);
      const begun = performance.now();
      expect(parse(text).length).toBeGreaterThan(0);
      expect(performance.now() - begun).toBeLessThan(1500);
    }
  });
});
