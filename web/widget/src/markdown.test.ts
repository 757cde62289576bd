import { describe, expect, it } from "vitest";
import { inert, MARK, safeUrl } from "./inert";
import { markdown, plain } from "./markdown";

function html(node: Node): string {
  const box = document.createElement("div");
  box.append(node);
  return box.innerHTML;
}
const md = (text: string): string => html(markdown(text));
const a = (url: string, label = url): string => `<a href="${url}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;

describe("markdown", () => {
  it.each([
    ["one\n\ntwo", "<p>one</p><p>two</p>"],
    ["one\ntwo", "<p>one<br>two</p>"],
    ["**bold** and *italic*", "<p><strong>bold</strong> and <em>italic</em></p>"],
    ["__bold__ and _italic_", "<p><strong>bold</strong> and <em>italic</em></p>"],
    ["**bold with *italic* inside**", "<p><strong>bold with <em>italic</em> inside</strong></p>"],
    ["`code **not bold**`", "<p><code>code **not bold**</code></p>"],
    ["```\na < b\n  **x**\n```", '<pre tabindex="0"><code>a &lt; b\n  **x**</code></pre>'],
    ["- one\n- two\n  more", "<ul><li>one</li><li>two<br>more</li></ul>"],
    ["3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'],
    ["text\n- item\n\nend", "<p>text</p><ul><li>item</li></ul><p>end</p>"],
    ["\\*plain\\*", "<p>*plain*</p>"],
    ["[guide](https://example.com/a)", `<p>${a("https://example.com/a", "guide")}</p>`],
    ["see https://example.com/a.", `<p>see ${a("https://example.com/a")}.</p>`],
    ["[mail](mailto:a@example.com) [call](tel:+4930123)", `<p>${a("mailto:a@example.com", "mail")} ${a("tel:+4930123", "call")}</p>`],
  ])("renders %j", (text, expected) => expect(md(text).replaceAll(' start="1"', "")).toBe(expected));

  it.each(["snake_case_name", "2 * 3 * 4", "**open", "*", "``", "[x]", "[x](y z)", "# heading", "| a | b |", "![x](https://example.com/i.png"])(
    "leaves %j as text",
    (text) => expect(html(markdown(text)).replace(/<\/?p>/g, "").replace(/<a .*<\/a>/, "")).not.toContain("<"),
  );

  it("never makes an element of HTML", () => {
    for (const text of ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "**<b onclick=x>**", "`</code><svg>`", "```\n</pre><iframe>\n```"]) {
      const box = document.createElement("div");
      box.append(markdown(text));
      expect(box.querySelector("img,script,svg,iframe,b,[onclick]")).toBeNull();
      expect(box.textContent).toContain("<");
    }
  });

  it.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "/path", "https://bank.example@evil.example", "file:///etc"])(
    "makes no link to %s",
    (url) => {
      expect(md(`[click](${url})`)).not.toContain("<a ");
      expect(safeUrl(url)).toBeNull();
    },
  );

  it("makes no link inside a link", () => {
    expect(md("[https://good.example](https://evil.example/)")).toBe(`<p>${a("https://evil.example/", "https://good.example")}</p>`);
  });

  it("is quick with hostile text", () => {
    const began = performance.now();
    for (const piece of ["*a ", "_a ", "**", "[a](", "`", "*_", "- ", "http://", "\n", "```\n", "[[[[", "\\"]) md(piece.repeat(16_000 / piece.length));
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe("plain", () => {
  it("keeps line breaks and everything else as text", () => {
    expect(html(plain("**a**\n<b>", false))).toBe("<p>**a**<br>&lt;b&gt;</p>");
    expect(html(plain("https://example.com", false))).toBe("<p>https://example.com</p>");
  });

  it("links complete addresses when asked", () => {
    expect(html(plain("a https://example.com/x, b\nhttps://example.com/y", true))).toBe(
      `<p>a ${a("https://example.com/x")}, b<br>${a("https://example.com/y")}</p>`,
    );
    expect(html(plain("https:// and http://user@evil.example", true))).toBe("<p>https:// and http://user@evil.example</p>");
  });
});

describe("inert", () => {
  it("shows what turns the reading order or can't be seen", () => {
    for (const code of [0x202a, 0x202e, 0x2066, 0x2069, 0x200b, 0x2060, 0xfeff, 0x00, 0x1b, 0x3164, 0xe0041])
      expect(inert(`a${String.fromCodePoint(code)}b`)).toBe(`a${MARK}b`);
  });

  it("keeps joiners, emoji, flags, tabs and right-to-left text", () => {
    for (const text of ["👩‍👩‍👧", "نمی‌خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a\tb\nc", "שלום", "e\u0301"]) expect(inert(text)).toBe(text);
  });

  it("makes one kind of line break of all", () => {
    expect(inert("a\r\nb\rc\u2028d")).toBe("a\nb\nc\nd");
  });

  it("marks hidden characters in links and makes them no links", () => {
    expect(md("[x](https://exa\u200bmple.com)")).toContain(MARK);
    expect(md("[x](https://exa\u200bmple.com)")).not.toContain("<a ");
  });
});
