// Pictures of widget and console into tests/e2e/out, to be looked at: desktop and phone, light and dark.
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Customer } from "./customer.mjs";
import { Desk } from "./desk.mjs";
import { house, until } from "./house.mjs";

const OUT = fileURLToPath(new URL("out/", import.meta.url));
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const THEMES = ["light", "dark"];

test("pictures of widget and console", async (t) => {
  mkdirSync(OUT, { recursive: true });
  const { server, person } = await house(t);
  const taken = [];

  /** The page as it is, in both sizes and themes. */
  const shoot = async (page, name, sizes = Object.keys(SIZES)) => {
    const before = page.viewportSize();
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size]);
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await still(page);
        const path = `${OUT}${name}-${size}-${colorScheme}.png`;
        await page.screenshot({ path, animations: "disabled" });
        taken.push(path);
      }
    }
    await page.setViewportSize(before);
  };

  const customer = await Customer.visit(await person({ viewport: SIZES.desktop }), `${server.origin}/demo`);
  await shoot(customer.page, "widget-closed");
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await shoot(customer.page, "widget-greeting");
  await customer.says("How do I return the Larkbox?");
  await customer.hears(/return/i);
  await customer.presses("Yes, that helped");
  await customer.hears("Good to hear!");
  await shoot(customer.page, "widget-answer");
  await customer.says("my internet is down");
  await customer.hears("What is happening?");
  await customer.presses("Nothing works");
  await customer.hears("What does it show?");
  await customer.presses("Red");
  await customer.hears("press the thin line cable in firmly");
  await shoot(customer.page, "widget-flow");
  await customer.says("talk to a person");
  await customer.hears("You're next in line");
  await shoot(customer.page, "widget-waiting");

  // A desk that looks like a working day.
  for (const words of ["I was charged twice in October", "Where is my order LF-20417?", "I can't sign in to my account any more"]) {
    const other = await Customer.visit(await person(), `${server.origin}/demo`);
    await other.open();
    await other.hears("Hi, I'm Juno");
    await other.says(words);
    await other.hears(/./);
    await other.says("please let me talk to a person");
    await other.hears(/before yours|next in line/);
  }

  const context = await person({ viewport: SIZES.desktop });
  const gate = await context.newPage();
  await gate.goto(`${server.origin}/console`);
  await gate.getByRole("button", { name: "Sign in" }).waitFor();
  await shoot(gate, "console-sign-in");
  await gate.close();

  const desk = await Desk.accept(context, server.origin, server.invitation, "Ana Ferreira");
  await desk.show("waiting");
  await until("the list is there", async () => (await desk.rows.count()) === 4);
  await shoot(desk.page, "console-waiting");
  await desk.open();
  await desk.panel.waitFor();
  await shoot(desk.page, "console-brief");
  await desk.act("claim");
  await customer.hears("Ana Ferreira has joined", "system");
  await desk.reply("Hello, Ana here. I see the red light and what you tried; I'm resetting your line now.");
  await customer.hears("resetting your line", "agent");
  await desk.note("Third report from this street today.");
  await customer.says("It works again, thank you!");
  await desk.sees("It works again");
  await shoot(desk.page, "console-conversation");
  await shoot(customer.page, "widget-agent");
  await desk.page.keyboard.press("Escape");
  await desk.page.keyboard.press("?");
  await desk.page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await shoot(desk.page, "console-help", ["desktop"]);
  await desk.page.keyboard.press("Escape");
  await desk.act("resolve");
  await customer.hears("How did we do?");
  await shoot(customer.page, "widget-rating");

  for (const [name, path] of Object.entries({ articles: "knowledge/articles", flow: "knowledge/flows/internet-trouble", agents: "agents", ledger: "ledger" })) {
    await desk.page.goto(`${server.origin}/console/${path}`);
    await desk.settled();
    await shoot(desk.page, `console-${name}`);
  }

  for (const path of taken) assert.ok(statSync(path).size > 4000, `${path} is an empty picture`);
});

/** Fonts are there and nothing is loading or moving. */
async function still(page) {
  await page.evaluate(() => document.fonts.ready);
  await until("nothing is loading", async () => (await page.locator(".skeleton").count()) === 0);
}
