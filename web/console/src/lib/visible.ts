// Characters that change what a text seems to say are shown instead of obeyed.

/** Bidirectional overrides, embeddings and isolates, zero-width space, word joiner, byte order mark; control characters. */
const HIDDEN = /[\u202A-\u202E\u2066-\u2069\u200B\u2060\uFEFF\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/gu;

export interface Piece {
  text: string;
  /** The text is the name of a hidden character, not the contact's own. */
  hidden: boolean;
}

/** The text in pieces, hidden characters replaced by their names. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), hidden: false });
    found.push({ text: nameOf(match[0]), hidden: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), hidden: false });
  return found;
}

/** The same as one string, for titles, labels and attributes. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => `[${nameOf(character)}]`);
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
