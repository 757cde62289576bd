// Text of strangers, made harmless to look at: what would be invisible or would turn the reading order is shown as a mark.

export const MARK = "\u2423";

// A flag of a part of a country is a black flag and tag characters: the one place where those belong.
const FLAG = "\\u{1F3F4}[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{2,6}\\u{E007F}";
// Controls but tab and line feed; bidirectional embeddings, overrides and isolates; zero width spaces, joiners of words,
// fillers, tags. Zero width joiner and non-joiner stay: scripts and emoji need them.
const HIDDEN =
  "[\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F\\u00AD\\u115F\\u1160\\u180E\\u200B\\u202A-\\u202E\\u2060-\\u206F\\u3164\\uFEFF\\uFFA0\\uFFF9-\\uFFFB\\u{E0000}-\\u{E007F}]";
const SUSPECT = new RegExp(`${FLAG}|${HIDDEN}`, "gu");
const BREAK = /\r\n?|[\u2028\u2029\u0085]/g;

export function inert(text: string): string {
  return text.replace(BREAK, "\n").replace(SUSPECT, (found) => (found.startsWith("\u{1F3F4}") ? found : MARK));
}

const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
const MAX_URL = 2048;

/** The address if it is one that may be followed: complete, of a known kind, without hidden characters or a fake host. */
export function safeUrl(text: string): string | null {
  if (text.length > MAX_URL || /[\s\u2423]/.test(inert(text))) return null;
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}
