// Pictures of widget and console into tests/e2e/out, to be looked at: desktop and phone, light and dark.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Customer } from "./customer.mjs";
import { Desk } from "./desk.mjs";
import { house, still, until } from "./house.mjs";
import { trouble } from "./trouble.mjs";
import { pageWithWidget, site, wire } from "./wire.mjs";

const OUT = fileURLToPath(new URL("out/", import.meta.url));
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const BOTH = Object.keys(SIZES);
const THEMES = ["light", "dark"];
const SECRET = "a secret between the shop and its desk";
const CONFIG = `
[[inbox]]
slug = "web"
kind = "webchat"
name = "Larkfield web"
identity_secret = "${SECRET}"
`;
/** As long as names get, and then some. */
const LONG_NAME = "Dr. Maximiliane-Friederike von Hohenstein-Württemberg";

/** Who waits, in what words, and what they add. */
const DAY = [
  ["Tomasz Zieliński", "I was charged twice in October", "Both debits are on my statement: the 15th and the 16th, 39.90 each."],
  [LONG_NAME, "Where is my order LF-20417?", "It was to arrive on Tuesday. I leave the house at four o'clock and would like to know before that whether to wait for it."],
  ["", "I can't sign in to my account any more", "the code never comes"],
];

test("pictures of widget and console", async (t) => {
  mkdirSync(OUT, { recursive: true });
  const { server, person } = await house(t, { config: CONFIG });
  const line = await wire(t, server.port);
  const taken = [];

  /** The page as it is, in sizes and themes. */
  const shoot = async (page, name, sizes = BOTH) => {
    const before = page.viewportSize();
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size]);
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await until("nothing is loading", async () => (await page.locator(".skeleton").count()) === 0);
        await still(page);
        const path = `${OUT}${name}-${size}-${colorScheme}.png`;
        await page.screenshot({ path, animations: "disabled" });
        taken.push(path);
      }
    }
    await page.setViewportSize(before);
  };

  /** A browser whose page has told the widget who this is, signed. */
  const known = async (name, settings = {}) => {
    const context = await person(settings);
    const id = name.toLowerCase().replaceAll(/\W+/g, "-");
    const hash = createHmac("sha256", SECRET).update(id).digest("hex");
    if (name) await context.addInitScript((user) => (window.switchboardSettings = { user }), { id, hash, name });
    return context;
  };

  const customer = await Customer.visit(await known("Robin Marsh", { viewport: SIZES.desktop }), `${line.origin}/demo`);
  await shoot(customer.page, "widget-closed");
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await shoot(customer.page, "widget-greeting");
  await customer.says("How do I return the Larkbox?");
  await customer.hears(/return/i);
  await shoot(customer.page, "widget-answer");
  await customer.presses("Yes, that helped");
  await customer.hears("Good to hear!");
  await customer.says("my internet is down");
  await customer.hears("What is happening?");
  await customer.presses("Nothing works");
  await customer.hears("What does it show?");
  await shoot(customer.page, "widget-flow");
  await customer.presses("Red");
  await customer.hears("press the thin line cable in firmly");
  line.cut();
  await until("the widget says so", async () => /not reachable/i.test(await customer.connection.innerText()));
  await customer.writes("no");
  await customer.panel.getByText("Waiting to be sent").waitFor();
  await shoot(customer.page, "widget-offline");
  line.mend();
  await customer.kept("no");
  await customer.hears("Pull the power plug");
  await customer.says("I did all that already, twice. Please let me talk to a person");
  await customer.hears("You're next in line");
  await shoot(customer.page, "widget-queue");

  // A desk that looks like a working day.
  const shop = await site(t, { "/": { body: pageWithWidget(server.origin, { attributes: 'data-locale="de"' }) } });
  for (const [name, words, more] of DAY) {
    const other = await Customer.visit(await known(name), `${server.origin}/demo`);
    await other.open();
    await other.hears("Hi, I'm Juno");
    await other.says(words);
    await other.hears(/./);
    await other.says("please let me talk to a person");
    await other.hears(/before yours|next in line/);
    await other.says(more);
    await other.page.context().close();
  }
  const german = await Customer.visit(await person({ locale: "de-DE", viewport: SIZES.desktop }), shop.origin);
  await german.page.getByRole("button", { name: "Chat öffnen" }).click();
  await german.page.getByText("Guten Tag, ich bin Juno").waitFor();
  await german.page.getByRole("textbox", { name: "Ihre Nachricht" }).fill("Mein Internet geht nicht");
  await german.page.keyboard.press("Enter");
  await german.page.getByText("Was ist los?").waitFor();
  await shoot(german.page, "widget-german");

  const context = await person({ viewport: SIZES.desktop });
  const gate = await context.newPage();
  await gate.goto(`${server.origin}/console`);
  await gate.getByRole("button", { name: "Sign in" }).waitFor();
  await shoot(gate, "console-sign-in");
  await gate.close();

  const desk = await Desk.accept(context, server.origin, server.invitation, "Ana Ferreira");
  await desk.invite(await person(), "ben@larkfield.example", LONG_NAME);
  await desk.post("/agents", { email: "cleo@larkfield.example", name: "", role: "knowledge" });
  await desk.show("waiting");
  await until("the list is there", async () => (await desk.rows.count()) === 4);
  await shoot(desk.page, "console-waiting");
  await desk.open();
  await desk.panel.getByTestId("brief").waitFor();
  await shoot(desk.page, "console-brief");
  await desk.act("claim");
  await customer.hears("Ana Ferreira has joined", "system");
  await shoot(customer.page, "widget-joined");
  await desk.reply("Hello, Ana here. I see the red light and what you tried; I'm resetting your line now.");
  await customer.hears("resetting your line", "agent");
  await desk.note("Third report from this street today. If it comes back, look at the distribution box at Mill Lane before sending anybody.");
  await customer.says("It works again, thank you!");
  await desk.sees("It works again");
  await desk.thread.getByRole("tab", { name: "Reply" }).click();
  await desk.replyBox.fill("Good! The outage page will show");
  await desk.page.getByTestId("toasts").getByRole("button").first().click();
  await shoot(desk.page, "console-conversation");
  await shoot(customer.page, "widget-agent");
  await desk.replyBox.fill("");
  await desk.thread.getByRole("tab", { name: "Note" }).click();
  await desk.noteBox.fill("Ask the field team about Mill Lane");
  await shoot(desk.page, "console-note", ["desktop"]);
  await desk.noteBox.fill("");
  await desk.page.keyboard.press("Escape");
  await desk.page.keyboard.press("?");
  await desk.page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await shoot(desk.page, "console-help");
  await desk.page.keyboard.press("Escape");
  await desk.page.keyboard.press("a");
  await desk.page.getByRole("dialog").waitFor();
  await shoot(desk.page, "console-transfer", ["desktop"]);
  await desk.page.keyboard.press("Escape");
  await desk.act("resolve");
  await customer.hears("How did we do?");
  await shoot(customer.page, "widget-rating");
  await customer.presses("Very good");
  await customer.hears("Would you like to add anything");
  await shoot(desk.page, "console-resolved", ["desktop"]);

  const pages = { articles: "knowledge/articles", article: "knowledge/articles/en/returns", flows: "knowledge/flows", unanswered: "knowledge/unanswered", try: "knowledge/try?question=how%20do%20i%20pay", agents: "agents", ledger: "ledger", deliveries: "deliveries" };
  for (const [name, path] of Object.entries(pages)) {
    await desk.page.goto(`${server.origin}/console/${path}`);
    await desk.settled();
    await shoot(desk.page, `console-${name}`);
  }
  await desk.page.goto(`${server.origin}/console/knowledge/flows/complaint`);
  await desk.settled();
  const source = desk.page.getByTestId("source");
  await source.fill((await source.inputValue()).replace("steps:", "stepps:"));
  await desk.page.getByTestId("problem").first().waitFor();
  await shoot(desk.page, "console-flow-error");

  await trouble(context);
  await desk.page.goto(`${server.origin}/console/deliveries`);
  await desk.page.getByTestId("circuit").waitFor();
  await shoot(desk.page, "console-stuck");
  await desk.page.getByTestId("pick-all").check();
  await desk.page.getByTestId("retry-picked").click();
  await desk.page.getByTestId("repeat-dialog").waitFor();
  await shoot(desk.page, "console-repeat");
  await desk.page.goto(`${server.origin}/console/ledger`);
  await desk.page.getByTestId("quarantined").first().waitFor();
  await shoot(desk.page, "console-quarantine");
  await desk.page.getByTestId("look").first().click();
  await desk.page.getByTestId("bytes").waitFor();
  await shoot(desk.page, "console-quarantined");

  for (const path of taken) assert.ok(statSync(path).size > 4000, `${path} is an empty picture`);
});
