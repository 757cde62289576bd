// Small readings and edits of the text files people edit here: articles, flows, the bot book.
import type { LintProblem, Mistake } from "../api/types";

/** The value of a plain `key: value` line of the front matter. */
export function frontMatter(source: string, key: string): string | null {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(source)?.[1];
  if (head === undefined) return null;
  for (const line of head.split(/\r?\n/)) {
    if (line.startsWith(`${key}:`)) {
      const value = line.slice(key.length + 1).trim().replace(/\s+#.*$/, "");
      return value.replace(/^(["'])(.*)\1$/, "$2");
    }
  }
  return null;
}

/** The source with one `key: value` line of the front matter changed or added; everything else stays as it is. */
export function withFrontMatter(source: string, key: string, value: string): string {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(source);
  if (!head) return source;
  const body = head[1] ?? "";
  const lines = body.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (at >= 0) lines[at] = `${key}: ${value}`;
  else lines.push(`${key}: ${value}`);
  return source.slice(0, 4) + lines.join("\n") + source.slice(4 + body.length);
}

/** Mistakes as the editor shows them; those without a place stand at the beginning. */
export function problemsOf(items: readonly Mistake[]): LintProblem[] {
  return items.map(({ line, column, severity, detail }) => ({ line: line ?? 1, column: column ?? 1, severity: severity ?? "error", message: detail }));
}

/** Where a line and column (both from 1) stand in the text. */
export function offsetOf(source: string, line: number, column: number): number {
  let at = 0;
  for (let current = 1; current < line; current += 1) {
    const next = source.indexOf("\n", at);
    if (next < 0) return source.length;
    at = next + 1;
  }
  const end = source.indexOf("\n", at);
  return Math.min(at + Math.max(0, column - 1), end < 0 ? source.length : end);
}

/** The line and column (both from 1) of a place in the text. */
export function placeOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
}

/** What Enter inserts: a new line with the indentation of the present one, one step deeper after a colon. */
export function newLine(source: string, offset: number): string {
  const start = source.lastIndexOf("\n", offset - 1) + 1;
  const line = source.slice(start, offset);
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  return `\n${indent}${/:\s*[|>]?\s*$/.test(line) ? "  " : ""}`;
}

export function articleTemplate(lang: string, question: string | null): string {
  const example = question ? question.replaceAll(/\s+/g, " ").trim() : "How do I …";
  return `---
title: 
state: draft
audience: public
category: general
tags: []
lang: ${lang}
questions:
  - ${JSON.stringify(example)}
---

`;
}

export function flowTemplate(name: string): string {
  return `flow: ${name}
title: {en: "…"}
triggers:
  examples:
    en:
      - "…"
steps:
  - id: intro
    say: {en: "…"}
  - id: done
    end: {en: "…"}
`;
}
