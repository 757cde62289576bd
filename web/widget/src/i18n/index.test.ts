import { describe, expect, it } from "vitest";
import { LANGUAGES, pickLocale, translator } from ".";
import { en } from "./en";

const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe("languages", () => {
  it.each(Object.keys(LANGUAGES))("%s has every text, none empty, with the same places to fill", (language) => {
    const texts: Record<string, string> = { ...LANGUAGES[language] };
    expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(en)) {
      expect(texts[key], key).toMatch(/\S/);
      expect(holes(texts[key] ?? ""), key).toEqual(holes(text));
    }
  });

  it("are different languages", () => {
    expect(translator("de")("send")).toBe("Senden");
    expect(translator("en")("send")).toBe("Send");
  });
});

describe("pickLocale", () => {
  it("takes the first of the browser's that we have", () => {
    expect(pickLocale("auto", ["fr-FR", "de-AT", "en"])).toBe("de-AT");
    expect(pickLocale("auto", ["fr"])).toBe("en");
  });

  it("takes the page's word over the browser's", () => {
    expect(pickLocale("de", ["en"])).toBe("de");
    expect(pickLocale("xx", ["de"])).toBe("en");
  });

  it("knows a language that the page brings along", () => {
    expect(pickLocale("auto", ["fr-CA"], { fr: { send: "Envoyer" } })).toBe("fr-CA");
  });

  it("is not misled by names of object members", () => {
    expect(pickLocale("constructor", [])).toBe("en");
  });
});

describe("translator", () => {
  it("counts in the language's forms", () => {
    const { count } = translator("en");
    expect([0, 1, 2].map((n) => count("queue", n))).toEqual(["You’re next in line.", "1 person is before you.", "2 people are before you."]);
    expect(count("unread", 0)).toBe("0 unread messages");
  });

  it("fills places and leaves unknown ones", () => {
    expect(translator("en")("typing", { name: "Ana" })).toBe("Ana is typing");
    expect(translator("en")("typing")).toBe("{name} is typing");
  });

  it("lets the page's texts win, the language's own over those for all", () => {
    const t = translator("fr", { send: "Go", title: "Hi", fr: { send: "Envoyer" } });
    expect([t("send"), t("title"), t("close")]).toEqual(["Envoyer", "Hi", "Close chat"]);
  });
});
