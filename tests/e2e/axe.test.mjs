// Axe finds no violation: the widget in each of its states and every page of the console, light and dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { Desk } from "./desk.mjs";
import { axeSource, house, still, until } from "./house.mjs";
import { trouble } from "./trouble.mjs";
import { wire } from "./wire.mjs";

const axe = readFileSync(axeSource, "utf8");

for (const colorScheme of ["light", "dark"]) {
  test(`the widget has no violations, ${colorScheme}`, async (t) => {
    const { server, person } = await house(t);
    const line = await wire(t, server.port);
    const customer = await Customer.visit(await person({ colorScheme }), `${line.origin}/demo`);
    await clean(t, customer.page, "closed");
    await customer.open();
    await customer.hears("Hi, I'm Juno");
    await customer.says("my internet is down");
    await customer.hears("What is happening?");
    await clean(t, customer.page, "with choices");
    await customer.presses("Nothing works");
    await customer.hears("What does it show?");
    await customer.says("How do I return the Larkbox?");
    await customer.hears(/return/i);
    await clean(t, customer.page, "with an answer and its source");
    line.cut();
    await until("the widget says so", async () => /not reachable|offline/i.test(await customer.connection.innerText()));
    await customer.writes("while offline");
    await customer.panel.getByText("Waiting to be sent").waitFor();
    await clean(t, customer.page, "unreachable, with a message waiting");
    await customer.page.context().setOffline(true);
    await until("the widget says so", async () => /offline/i.test(await customer.connection.innerText()));
    await clean(t, customer.page, "offline");
    await customer.page.context().setOffline(false);
    line.mend();
    await customer.kept("while offline");
    await customer.says("talk to a person");
    await customer.hears("You're next in line");
    await clean(t, customer.page, "waiting for a person");
    await customer.page.setViewportSize({ width: 390, height: 844 });
    await clean(t, customer.page, "on a phone");
  });

  test(`the console has no violations, ${colorScheme}`, async (t) => {
    const { server, person } = await house(t);
    const customer = await Customer.visit(await person(), `${server.origin}/demo`);
    await customer.open();
    await customer.hears("Hi, I'm Juno");
    await customer.says("my internet is down");
    await customer.hears("What is happening?");
    await customer.presses("Nothing works");
    await customer.hears("What does it show?");
    await customer.says("talk to a person");
    await customer.hears("You're next in line");

    const context = await person({ colorScheme });
    const gate = await context.newPage();
    await gate.goto(`${server.origin}/console`);
    await gate.getByRole("button", { name: "Sign in" }).waitFor();
    await clean(t, gate, "sign-in");
    await gate.goto(server.invitation);
    await gate.getByLabel("Your name").waitFor();
    await clean(t, gate, "invitation");
    await gate.close();

    const desk = await Desk.accept(context, server.origin, server.invitation, "Ana");
    for (const view of ["waiting", "mine", "open", "resolved"]) {
      await desk.show(view);
      await desk.settled();
      await clean(t, desk.page, `list: ${view}`);
    }
    await desk.show("waiting");
    await desk.open();
    await desk.panel.waitFor();
    await desk.settled();
    await clean(t, desk.page, "conversation, waiting");
    await desk.act("claim");
    await customer.hears("Ana has joined", "system");
    await desk.reply("Hello, Ana here.");
    await customer.hears("Hello, Ana here.", "agent");
    await desk.note("A note among us.");
    await desk.sees("A note among us.");
    await clean(t, desk.page, "conversation, mine, with a note");
    await desk.page.keyboard.press("Escape");
    await desk.page.keyboard.press("a");
    await desk.page.getByRole("dialog").waitFor();
    await clean(t, desk.page, "transfer");
    await desk.page.keyboard.press("Escape");
    await desk.page.getByRole("dialog").waitFor({ state: "hidden" });
    await desk.page.keyboard.press("?");
    await desk.page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await clean(t, desk.page, "help sheet");
    await desk.page.keyboard.press("Escape");
    await desk.page.keyboard.press("Control+k");
    await desk.page.getByRole("dialog").waitFor();
    await clean(t, desk.page, "palette");
    await desk.page.keyboard.press("Escape");
    await desk.act("resolve");
    await desk.told("Resolved.");
    await clean(t, desk.page, "conversation, resolved");

    for (const path of PAGES) {
      await desk.page.goto(`${server.origin}/console/${path}`);
      await desk.settled();
      await clean(t, desk.page, path);
    }
    // From here on something is stuck, paused and in quarantine.
    await trouble(context);
    await looked(t, desk, "");
    await desk.page.setViewportSize({ width: 390, height: 844 });
    await looked(t, desk, ", on a phone");
    for (const path of ["waiting", "resolved"]) {
      await desk.page.goto(`${server.origin}/console/${path}`);
      await desk.settled();
      await clean(t, desk.page, `${path}, on a phone`);
    }
    await desk.open();
    await desk.settled();
    await clean(t, desk.page, "conversation, on a phone");
  });
}

/** The pages on which an admin decides about what got stuck, with their dialogs. */
async function looked(t, { page, origin }, size) {
  const dialog = page.getByRole("dialog");
  await page.goto(`${origin}/console/deliveries`);
  await page.getByTestId("delivery-row").first().waitFor();
  await page.getByTestId("circuit").waitFor();
  await clean(t, page, `stuck deliveries${size}`);
  await page.getByTestId("drop").first().click();
  await dialog.waitFor();
  await clean(t, page, `dropping one${size}`);
  await page.keyboard.press("Escape");
  await page.locator("[data-row-state=uncertain]").getByTestId("retry").first().click();
  await dialog.waitFor();
  await clean(t, page, `asked before a repetition${size}`);
  await page.goto(`${origin}/console/ledger`);
  await page.getByTestId("look").first().click();
  await page.getByTestId("bytes").waitFor();
  await clean(t, page, `looking into the quarantine${size}`);
  await page.getByTestId("quarantine-dismiss").click();
  await page.getByTestId("dismiss-dialog").waitFor();
  await clean(t, page, `dismissing${size}`);
}

const PAGES = [
  "knowledge/articles",
  "knowledge/new-article",
  "knowledge/flows",
  "knowledge/flows/internet-trouble",
  "knowledge/bot-book",
  "knowledge/unanswered",
  "knowledge/try",
  "agents",
  "ledger",
  "deliveries",
  "deliveries?state=pending",
  "no-such-page",
];

async function clean(t, page, state) {
  await t.test(state, async () => {
    await still(page);
    // By the debugger, because the pages' own policy rightly takes no foreign script.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    const told = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help}\n    ${target.flat().join(" ")}\n    ${failureSummary?.replaceAll("\n", "\n    ")}`),
    );
    assert.equal(told.length, 0, `${state}:\n${told.join("\n")}`);
  });
}
