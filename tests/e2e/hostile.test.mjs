// Whatever a stranger writes is shown, and does nothing: in the widget, in the console's list, transcript and brief.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { Desk } from "./desk.mjs";
import { house, until } from "./house.mjs";
import { pageWithWidget, site } from "./wire.mjs";

const TEXTS = [
  `<img src=x onerror="window.broken=1;alert(1)">`,
  `<script>window.broken=1;alert(2)</script>`,
  `<svg/onload=alert(3)><iframe srcdoc="<script>parent.broken=1</script>">`,
  `</textarea></div><style>*{display:none!important}</style><h1>Huge</h1>`,
  `![pixel](http://evil.example/pixel.png) [click](javascript:alert(4)) <a href="javascript:alert(5)">x</a>`,
  `[data](data:text/html,<script>alert(6)</script>) [file](file:///etc/passwd)`,
  `{{constructor.constructor("alert(7)")()}} \${alert(8)} {@html "<b>x</b>"}`,
  `&lt;b&gt;not bold&lt;/b&gt; &#60;i&#62; %3Cscript%3E`,
  `# not a heading\n- not a list\n**not bold** \`not code\``,
  `"><input autofocus onfocus=alert(9)>' onmouseover='alert(10)`,
  // Reads as "invoice_exe.pdf" where overrides are obeyed.
  `invoice_\u202Efdp.exe`,
  `pay\u200Bpal.example \u2066hidden\u2069 \uFEFFstart`,
  `Z${"\u0300".repeat(60)}algo`,
  "\u0000\u0007bell\u001b[31mred",
];

/** Elements a stranger's text may be made of where it is shown. */
const PLAIN = ["A", "BDI", "BR", "DIV", "P", "SPAN"];

test("hostile text is inert in widget and console", async (t) => {
  const { server, person, chapter } = await house(t);
  // The page has a hostile address too: the console shows it as a fact.
  const shop = await site(t, { "/%3Cimg%20src=x%20onerror=alert(11)%3E": { body: pageWithWidget(server.origin) } });
  const customer = await Customer.visit(await person(), `${shop.origin}/%3Cimg%20src=x%20onerror=alert(11)%3E`);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  for (const text of TEXTS) {
    await customer.writes(text);
    await until("it is kept", async () => (await customer.log.locator("[data-from=contact][data-state=sent]").count()) > TEXTS.indexOf(text));
  }

  await chapter("in the widget", async () => {
    const texts = customer.log.locator("[data-from=contact] [data-testid=text]");
    await assertInert(texts, TEXTS.length);
    assert.equal(await customer.page.evaluate(() => window.broken), undefined);
    const shown = await texts.allInnerTexts();
    assert.ok(shown[0].includes("<img src=x onerror="), shown[0]);
    assert.ok(shown[8].includes("**not bold**"), "a contact's text is no markup");
  });

  await chapter("hidden characters are not obeyed", async () => {
    const shown = (await customer.log.locator("[data-from=contact] [data-testid=text]").allTextContents()).join("");
    assert.doesNotMatch(shown, /[\u202A-\u202E\u2066-\u2069\u200B\uFEFF\u0000-\u0008]/);
  });

  await chapter("a composed letter does not cover its neighbours", async () => {
    const boxes = await customer.log.locator("[data-from=contact] .bubble").evaluateAll((all) =>
      all.map((bubble) => ({ overflow: getComputedStyle(bubble).overflow, scroll: bubble.scrollWidth > bubble.clientWidth + 1 })),
    );
    assert.ok(boxes.every((box) => !box.scroll), "no bubble is wider than its place");
  });

  // Nothing of this is understood, so the bot has called for a person long ago.
  await customer.hears("You're next in line");

  const desk = await Desk.accept(await person(), server.origin, server.invitation, "Ana <b>x</b>");
  await chapter("in the console's list", async () => {
    await desk.show("waiting");
    await desk.rows.first().waitFor();
    assert.equal(await desk.rows.first().locator("img, script, iframe, style, input, h1").count(), 0);
  });

  await chapter("in the console's transcript and brief", async () => {
    await desk.rows.first().click();
    await desk.sees("<script>window.broken=1");
    const texts = desk.transcript.locator("[data-author=contact] .bubble");
    await assertInert(texts, TEXTS.length);
    const shown = (await texts.allTextContents()).join("");
    assert.doesNotMatch(shown, /[\u202A-\u202E\u2066-\u2069\u200B\uFEFF\u0000-\u0008]/);
    assert.match(shown, /U\+202E/, "an agent sees that something was hidden");
    await desk.panel.waitFor();
    assert.equal(await desk.page.locator("main img, main iframe, main script, main style").count(), 0);
    assert.equal(await desk.page.evaluate(() => window.broken), undefined);
  });

  await chapter("what an agent writes is no markup of the page either", async () => {
    await desk.act("claim");
    await customer.hears("has joined", "system");
    await desk.reply(`<img src=x onerror=alert(12)> https://larkfield.example/help`);
    await customer.hears("<img src=x onerror=alert(12)>", "agent");
    const texts = customer.log.locator("[data-from=agent] [data-testid=text]");
    await assertInert(texts, 1);
    const link = texts.getByRole("link");
    assert.equal(await link.getAttribute("href"), "https://larkfield.example/help");
    assert.match((await link.getAttribute("rel")) ?? "", /noopener/);
  });
});

/** These texts hold no elements but plain ones, and none with an address that runs or a handler. */
async function assertInert(texts, count) {
  assert.equal(await texts.count(), count);
  const inside = await texts.evaluateAll((nodes) =>
    nodes.flatMap((node) =>
      [...node.querySelectorAll("*")].map((element) => ({
        name: element.tagName.toUpperCase(),
        href: element.getAttribute("href"),
        handlers: element.getAttributeNames().filter((name) => name.startsWith("on") || name === "style" || name === "srcdoc"),
      })),
    ),
  );
  for (const { name, href, handlers } of inside) {
    assert.ok(PLAIN.includes(name), `a <${name}> came out of a stranger's text`);
    assert.deepEqual(handlers, [], `<${name}> has handlers`);
    if (href !== null) assert.match(href, /^(https?:|mailto:)/, "links lead to the web or to mail");
  }
}
