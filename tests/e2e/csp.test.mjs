// The widget lives on other people's pages: under their Content-Security-Policy, and beside their style sheets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { house, still, until } from "./house.mjs";
import { pageWithWidget, site } from "./wire.mjs";

test("a strict Content-Security-Policy with one origin is enough", async (t) => {
  const { server, person } = await house(t);
  const { origin } = server;
  const policy = [
    "default-src 'none'",
    `script-src ${origin}`,
    `connect-src ${origin} ${origin.replace("http", "ws")}`,
    `img-src ${origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const shop = await site(t, { "/": { body: pageWithWidget(origin), headers: { "content-security-policy": policy } } });
  const context = await person();
  const refused = [];
  context.on("console", (message) => {
    if (/Content.Security.Policy|Refused to|trusted type/i.test(message.text())) refused.push(message.text());
  });
  const customer = await Customer.visit(context, shop.origin);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await customer.says("my internet is down");
  await customer.hears("What is happening?");
  await customer.presses("Nothing works");
  await customer.hears("What does it show?");
  const box = await customer.launcher.boundingBox();
  assert.ok(Math.abs(box.width - 56) < 2 && Math.abs(box.height - 56) < 2, `the styles are there: ${JSON.stringify(box)}`);
  assert.deepEqual(refused, []);
});

const HOSTILE = `
* { all: unset !important; font: 3px/1 fantasy !important; color: red !important; letter-spacing: 1em !important;
    text-transform: uppercase !important; box-sizing: content-box !important; visibility: hidden; pointer-events: none; opacity: .2; position: static !important; }
body * { transform: rotate(3deg) !important; filter: blur(2px) !important; }
html { font-size: 2px !important; }
button, input, textarea, section, form, h2 { display: none !important; }
div { position: absolute !important; inset: 0 !important; z-index: 2147483647; background: lime; }
body > * { width: 1px !important; height: 1px !important; overflow: hidden !important; margin: 99px !important; }
.root, .panel, .launcher, .bubble, .message { display: none !important; border: 9px solid red !important; }
`;

test("a page with hostile styles changes nothing in the widget", async (t) => {
  const { server, person } = await house(t);
  const shop = await site(t, {
    "/": { body: pageWithWidget(server.origin) },
    "/hostile": { body: pageWithWidget(server.origin, { head: `<style>${HOSTILE}</style>` }) },
  });
  const look = async (path) => {
    const customer = await Customer.visit(await person(), shop.origin + path);
    const launcher = await customer.launcher.boundingBox();
    await customer.open();
    await customer.hears("Hi, I'm Juno");
    await still(customer.page);
    const panel = await customer.panel.boundingBox();
    const styles = await customer.panel.evaluate((panel) => {
      const one = (node) => {
        const { fontSize, color, letterSpacing, textTransform, direction, visibility, opacity, pointerEvents, display } = getComputedStyle(node);
        return { fontSize, color, letterSpacing, textTransform, direction, visibility, opacity, pointerEvents, display };
      };
      const parts = ["[data-testid=text]", "[data-testid=choice]", "[data-testid=input]", "[data-testid=title]"];
      return [panel, ...parts.map((part) => panel.querySelector(part))].map(one);
    });
    await customer.says("my internet is down");
    await customer.hears("What is happening?");
    return { launcher, panel, styles };
  };
  assert.deepEqual(await look("/hostile"), await look("/"));
});

test("a page app that swaps its body keeps the chat", async (t) => {
  const { server, person } = await house(t);
  const shop = await site(t, { "/": { body: pageWithWidget(server.origin) } });
  const customer = await Customer.visit(await person(), shop.origin);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await customer.page.evaluate(() => {
    const body = document.createElement("body");
    body.textContent = "another page";
    document.body.replaceWith(body);
  });
  await until("the chat is on the page again", async () => (await customer.rows.count()) > 0);
  assert.equal(await customer.page.locator("switchboard-chat").count(), 1);
});

test("the language is the browser's, or the one the page asks for", async (t) => {
  const { server, person } = await house(t);
  const shop = await site(t, {
    "/": { body: pageWithWidget(server.origin) },
    "/en": { body: pageWithWidget(server.origin, { attributes: 'data-locale="en"' }) },
  });
  const german = await person({ locale: "de-DE" });
  const page = await german.newPage();
  await page.goto(shop.origin);
  await page.getByRole("button", { name: "Chat öffnen" }).click();
  await page.getByText("Guten Tag, ich bin Juno").waitFor();
  await page.goto(`${shop.origin}/en`);
  await page.getByRole("button", { name: /^Open chat/ }).waitFor();
});
