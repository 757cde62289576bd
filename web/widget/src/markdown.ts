// A small, safe part of markdown, straight to DOM nodes: paragraphs, bold, italics, code, code blocks, links and lists.
// Whatever is not in it stays text. No HTML is ever parsed.

import { inert, safeUrl } from "./inert";

const MAX_DEPTH = 4;
/** A longer text is shown plain. */
const MAX_LENGTH = 32_000;
const ITEM = /^ {0,3}(?:[-*+]|(\d{1,9})[.)]) +(?=\S)/;
const FENCE = /^ {0,3}```/;
const WORD = /[\p{L}\p{N}_]/u;
/**
 * In order: an escaped sign, code, bold, italics, a link, a bare address. Every repetition has a limit, so that hostile text
 * can't make the search slow.
 */
const INLINE =
  /\\([!-/:-@[-`{-~])|`([^`]{1,999})`|(\*\*|__)(?=\S)([^]{0,999}?[^\s])\3|([*_])(?=[^\s*_])([^]{0,999}?[^\s*_])\5(?!\5)|\[([^[\]]{1,999})\]\(([^\s()]{1,2048})\)|(https?:\/\/[^\s<>"`*]{1,2048})/g;

export function markdown(text: string): Node {
  if (text.length > MAX_LENGTH) return plain(text, true);
  const out = document.createDocumentFragment();
  const lines = inert(text).split("\n");
  const starts = (line = ""): boolean => !line.trim() || ITEM.test(line) || FENCE.test(line);
  let i = 0;
  /** The lines from the next one on, as long as they go on with this block. */
  const block = (first: string): string => {
    let body = first;
    for (i += 1; i < lines.length && !starts(lines[i]); i += 1) body += `\n${lines[i]?.trim()}`;
    return body;
  };
  while (i < lines.length) {
    const line = lines[i] as string;
    const item = ITEM.exec(line);
    const end = FENCE.test(line) ? lines.findIndex((other, at) => at > i && FENCE.test(other)) : -1;
    if (end > 0) {
      const pre = make("pre", make("code", lines.slice(i + 1, end).join("\n")));
      // A wide block scrolls; the keyboard must be able to reach it.
      pre.tabIndex = 0;
      out.append(pre);
      i = end + 1;
    } else if (item) {
      const list = item[1] ? "ol" : "ul";
      const last = out.lastElementChild;
      const parent = last?.localName === list ? last : make(list);
      if (parent !== last) {
        out.append(parent);
        if (item[1]) (parent as HTMLOListElement).start = Number(item[1]);
      }
      parent.append(make("li", inline(block(line.slice(item[0].length)))));
    } else if (line.trim()) {
      out.append(make("p", inline(block(line))));
    } else {
      i += 1;
    }
  }
  return out;
}

/** Plain text: its lines, and complete web addresses as links if asked for. */
export function plain(text: string, links: boolean): Node {
  const out = make("p");
  let rest = inert(text);
  for (let at: number; links && (at = rest.search(/https?:\/\//)) >= 0; ) {
    const [address] = /^\S{1,2048}/.exec(rest.slice(at)) as unknown as [string];
    const link = bare(address);
    const taken = link ? (link.textContent as string).length : address.length;
    breaks(out, rest.slice(0, at));
    out.append(link ?? address);
    rest = rest.slice(at + taken);
  }
  breaks(out, rest);
  return out;
}

function inline(text: string, depth = 0): Node {
  const out = document.createDocumentFragment();
  let from = 0;
  INLINE.lastIndex = 0;
  for (let found; depth < MAX_DEPTH && (found = INLINE.exec(text)); ) {
    const { index, 0: all } = found;
    const [, escaped, code, , bold, sign, italics, label, target, address] = found;
    const end = INLINE.lastIndex;
    const url = target && safeUrl(target);
    let node: Node | string | null = null;
    let taken = all.length;
    if (escaped) node = escaped;
    else if (code) node = make("code", code);
    // snake_case is no emphasis.
    else if (all[0] === "_" && (WORD.test(text[index - 1] ?? "") || WORD.test(text[end] ?? ""))) node = null;
    else if (bold) node = make("strong", inline(bold, depth + 1));
    else if (sign) node = make("em", inline(italics as string, depth + 1));
    else if (url) node = anchor(url, label as string);
    else if (address) {
      node = bare(address);
      taken = node?.textContent?.length ?? taken;
    }
    INLINE.lastIndex = index + 1;
    if (!node) continue;
    breaks(out, text.slice(from, index));
    out.append(node);
    INLINE.lastIndex = from = index + taken;
  }
  breaks(out, text.slice(from));
  return out;
}

/** A complete address in running text; the full stop after it is not part of it. */
function bare(text: string): HTMLAnchorElement | null {
  const address = text.replace(/[.,;:!?'")\]}*_]+$/, "");
  const url = safeUrl(address);
  return url ? anchor(url, address) : null;
}

export function anchor(url: string, content: Node | string): HTMLAnchorElement {
  const a = make("a", content);
  a.href = url;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
  return a;
}

function breaks(out: ParentNode, text: string): void {
  text.split("\n").forEach((line, i) => {
    if (i) out.append(make("br"));
    out.append(line);
  });
}

function make<K extends keyof HTMLElementTagNameMap>(name: K, ...content: (Node | string)[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  node.append(...content);
  return node;
}
