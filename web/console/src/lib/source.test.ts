import { describe, expect, it } from "vitest";
import { frontMatter, newLine, offsetOf, placeOf, problemsOf, withFrontMatter } from "./source";

const ARTICLE = `---\ntitle: "Reset: your password"\nstate: draft # not yet\ntags: [a, b]\n---\nstate: of the body\n`;

describe("front matter", () => {
  it("is read", () => {
    expect(frontMatter(ARTICLE, "state")).toBe("draft");
    expect(frontMatter(ARTICLE, "title")).toBe("Reset: your password");
    expect(frontMatter(ARTICLE, "owner")).toBeNull();
    expect(frontMatter("no front matter", "state")).toBeNull();
  });

  it("is changed in one line, and nothing else is touched", () => {
    expect(withFrontMatter(ARTICLE, "state", "published")).toBe(ARTICLE.replace("state: draft # not yet", "state: published"));
    expect(withFrontMatter(ARTICLE, "owner", "x")).toBe(ARTICLE.replace("tags: [a, b]\n", "tags: [a, b]\nowner: x\n"));
    expect(withFrontMatter("plain", "state", "draft")).toBe("plain");
  });
});

describe("places", () => {
  it("go from line and column to the text and back", () => {
    const text = "one\ntwo\n\nfour";
    expect(offsetOf(text, 2, 2)).toBe(5);
    expect(placeOf(text, 5)).toEqual({ line: 2, column: 2 });
    expect(offsetOf(text, 1, 99)).toBe(3);
    expect(offsetOf(text, 99, 1)).toBe(text.length);
  });

  it("come from a refused save, the beginning when none is given", () => {
    expect(problemsOf([{ detail: "a", line: 4, column: 2 }, { detail: "b" }])).toEqual([
      { line: 4, column: 2, severity: "error", message: "a" },
      { line: 1, column: 1, severity: "error", message: "b" },
    ]);
  });
});

describe("newLine", () => {
  it("keeps the indentation and goes deeper after a colon", () => {
    expect(newLine("  - id: a", 9)).toBe("\n  ");
    expect(newLine("  steps:", 8)).toBe("\n    ");
    expect(newLine("text", 4)).toBe("\n");
  });
});
