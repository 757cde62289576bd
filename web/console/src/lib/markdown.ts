// The Markdown the bot and agents write, read into plain data. What is not in the subset stays text; there is no HTML.

export interface Span {
  text: string;
  bold: boolean;
  italic: boolean;
  code: boolean;
  link: string | null;
}

export type Block =
  | { kind: "paragraph"; spans: Span[] }
  | { kind: "heading"; spans: Span[] }
  | { kind: "quote"; spans: Span[] }
  | { kind: "item"; mark: string; depth: number; spans: Span[] }
  | { kind: "code"; text: string };

interface Style {
  bold: boolean;
  italic: boolean;
  link: string | null;
}

/** Longer texts are shown as they are. */
const PARSED_MAX = 50_000;
/** Markup inside markup inside markup: deeper is text. */
const DEPTH_MAX = 5;
const PLAIN: Style = { bold: false, italic: false, link: null };

/** Reads Markdown into blocks. Never fails. */
export function parse(markdown: string): Block[] {
  if (markdown.length > PARSED_MAX) return [{ kind: "paragraph", spans: [span(markdown, PLAIN)] }];
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let quote: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", spans: inline(paragraph.join("\n")) });
    if (quote.length > 0) blocks.push({ kind: "quote", spans: inline(quote.join("\n")) });
    paragraph = [];
    quote = [];
  };
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const fence = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (fence !== undefined) {
      flush();
      const code: string[] = [];
      for (at += 1; at < lines.length && !(lines[at] ?? "").trimStart().startsWith(fence); at += 1) code.push(lines[at] ?? "");
      blocks.push({ kind: "code", text: code.join("\n") });
      continue;
    }
    const item = /^(\s{0,12})([-*+]|\d{1,4}[.)])\s+(.*)$/.exec(line);
    const heading = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(line);
    const quoted = /^ {0,3}>\s?(.*)$/.exec(line);
    const last = blocks.at(-1);
    if (item) {
      flush();
      const mark = item[2] ?? "";
      const depth = Math.floor((item[1] ?? "").replaceAll("\t", "    ").length / 2);
      blocks.push({ kind: "item", mark: /\d/.test(mark) ? mark.replace(")", ".") : "•", depth, spans: inline(item[3] ?? "") });
    } else if (heading) {
      flush();
      blocks.push({ kind: "heading", spans: inline(heading[1] ?? "") });
    } else if (quoted) {
      if (paragraph.length > 0) flush();
      quote.push(quoted[1] ?? "");
    } else if (line.trim() === "") {
      flush();
    } else if (last?.kind === "item" && paragraph.length === 0 && quote.length === 0 && /^\s{2,}\S/.test(line)) {
      last.spans.push(span("\n", PLAIN), ...inline(line.trim()));
    } else {
      if (quote.length > 0) flush();
      paragraph.push(line.trim());
    }
  }
  flush();
  return blocks;
}

/** The target when a link may lead there, else null: the same rule as in the contract. */
export function safeLink(target: string): string | null {
  const scheme = /^([a-z]+):/i.exec(target)?.[1]?.toLowerCase();
  const known = scheme === "http" || scheme === "https" || scheme === "mailto" || scheme === "tel";
  return known && !/[\s\p{Cc}]/u.test(target) ? target : null;
}

// Each alternative is anchored by its own mark and can't cross it, so that matching stays linear.
const MARK =
  /\\([\\`*_{}[\]()#+\-.!>~|<&])|(`+)([^`]+)\2(?!`)|\[([^[\]\n]{1,500})\]\(<?([^()<>\s]{1,2000})>?\)|\*\*(?=\S)([^*]{1,2000}(?:\*[^*]+\*[^*]*)?)\*\*|(?<![\p{L}\p{N}_])__(?=\S)([^_]{1,2000})__(?![\p{L}\p{N}_])|\*(?=[^\s*])([^*]{1,2000})\*|(?<![\p{L}\p{N}_])_(?=[^\s_])([^_]{1,2000})_(?![\p{L}\p{N}_])|<?(https?:\/\/[^\s<>]{1,2000})>?/gu;

function inline(text: string, style: Style = PLAIN, depth = 0): Span[] {
  if (depth >= DEPTH_MAX) return [span(text, style)];
  const spans: Span[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) push(spans, span(text.slice(from, to), style));
  };
  for (const match of text.matchAll(MARK)) {
    const [whole, escaped, , code, label, target, strong, strong2, emphasis, emphasis2, address] = match;
    plain(match.index);
    from = match.index + whole.length;
    if (escaped !== undefined) push(spans, span(escaped, style));
    else if (code !== undefined) push(spans, { ...span(code.trim(), style), code: true });
    else if (label !== undefined && target !== undefined) {
      const link = style.link === null ? safeLink(target) : null;
      if (link === null) push(spans, span(whole, style));
      else for (const inner of inline(label, { ...style, link }, depth + 1)) push(spans, inner);
    } else if (address !== undefined && style.link === null) {
      const link = address.replace(/[.,;:!?)'"]+$/, "");
      push(spans, span(link, { ...style, link: safeLink(link) }));
      const rest = whole.slice(whole.indexOf(link) + link.length);
      if (!(whole.startsWith("<") && rest === ">")) push(spans, span(rest, style));
    } else if (address !== undefined) push(spans, span(whole, style));
    else {
      const bold = strong ?? strong2;
      const words = bold ?? emphasis ?? emphasis2 ?? "";
      const next = bold === undefined ? { ...style, italic: true } : { ...style, bold: true };
      for (const inner of inline(words, next, depth + 1)) push(spans, inner);
    }
  }
  plain(text.length);
  return spans;
}

function span(text: string, style: Style): Span {
  return { text, bold: style.bold, italic: style.italic, code: false, link: style.link };
}

function push(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  if (next.text === "") return;
  const same = last && last.bold === next.bold && last.italic === next.italic && last.code === next.code && last.link === next.link;
  if (same) last.text += next.text;
  else spans.push(next);
}
