// The one place where a language is registered: add its file, import it here, add it to the list.

import { de } from "./de";
import { en, type Key, type Texts } from "./en";

export type { Key } from "./en";

export const LANGUAGES: Readonly<Record<string, Texts>> = { en, de };

/** Texts of the page's own: `{key: text}` for the language in use, or `{language: {key: text}}`. */
export type Overrides = Readonly<Record<string, unknown>>;

export interface Translator {
  /** BCP 47, for `lang`, dates and numbers. */
  readonly locale: string;
  (key: Key, values?: Readonly<Record<string, string>>): string;
  /** The form of `key` that fits `n`. */
  count(key: "unread" | "queue", n: number): string;
}

/** The first wanted language we have, else English. `wanted` is "auto" or a language tag. */
export function pickLocale(wanted: string, browser: readonly string[], overrides: Overrides = {}): string {
  const known = (tag: string): boolean => typeof (overrides[base(tag)] ?? LANGUAGES[base(tag)]) === "object";
  return (wanted === "auto" ? browser : [wanted]).find(known) ?? "en";
}

export function translator(locale: string, overrides: Overrides = {}): Translator {
  const texts: Overrides = { ...en, ...LANGUAGES[base(locale)], ...overrides, ...Object(overrides[base(locale)]) };
  const rules = new Intl.PluralRules(locale);
  const has = (key: string): key is Key => typeof texts[key] === "string";
  const t = (key: Key, values: Readonly<Record<string, string>> = {}): string =>
    String(texts[key]).replace(/\{(\w+)\}/g, (hole, name: string) => values[name] ?? hole);
  return Object.assign(t, {
    locale,
    count(key: string, n: number) {
      const forms = [n === 0 ? "zero" : "", rules.select(n), "other"].map((form) => `${key}.${form}`);
      return t(forms.find(has) as Key, { n: n.toLocaleString(locale) });
    },
  });
}

function base(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}
