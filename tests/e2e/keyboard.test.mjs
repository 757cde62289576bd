// Everything by keyboard: the agent's whole work at a conversation, and the customer's whole talk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { Desk, messagesBy } from "./desk.mjs";
import { house, until } from "./house.mjs";

test("a customer opens the chat, writes and chooses by keyboard only", async (t) => {
  const { server, person } = await house(t);
  const customer = await Customer.visit(await person(), `${server.origin}/demo`);
  const { page } = customer;
  await tabTo(page, "launcher");
  await page.keyboard.press("Enter");
  await customer.panel.waitFor();
  await customer.hears("Hi, I'm Juno");
  assert.equal(await focused(page), "input", "opening moves the focus to the text box");

  await page.keyboard.type("my internet");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("is down");
  await page.keyboard.press("Enter");
  await customer.hears("What is happening?");
  assert.equal(await focused(page), "input", "an answer does not move the focus");

  await tabTo(page, "choice", "Shift+Tab");
  await page.keyboard.press("Enter");
  await customer.hears("Only the Wi-Fi is bad", "contact");
  await customer.hears("Did that help?");
  assert.notEqual(await focused(page), null, "the focus is not lost with the buttons");

  await page.keyboard.press("Escape");
  await customer.panel.waitFor({ state: "hidden" });
  assert.equal(await focused(page), "launcher", "closing gives the focus back");
});

test("on a phone the focus stays inside the open chat", async (t) => {
  const { server, person } = await house(t);
  const customer = await Customer.visit(await person({ viewport: { width: 390, height: 844 } }), `${server.origin}/demo`);
  const { page } = customer;
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  assert.equal(await customer.panel.getAttribute("aria-modal"), "true");
  for (let press = 0; press < 30; press += 1) {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "SWITCHBOARD-CHAT");
  }
});

test("an agent claims, replies, notes, transfers and resolves by keyboard only", async (t) => {
  const { server, person, chapter } = await house(t);
  const customer = await Customer.visit(await person(), `${server.origin}/demo`);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await customer.says("talk to a person");
  await customer.hears("You're next in line");

  const desk = await Desk.accept(await person(), server.origin, server.invitation, "Ana");
  const { page } = desk;
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

  await chapter("the help sheet is on ?", async () => {
    await press("?");
    const sheet = page.getByRole("dialog", { name: "Keyboard" });
    await sheet.waitFor();
    for (const action of ["Write a reply", "Write a note", "Claim (assign to me)", "Transfer…", "Return to the bot", "Resolve"]) {
      await sheet.getByText(action, { exact: true }).waitFor();
    }
    await press("Escape");
    await sheet.waitFor({ state: "hidden" });
  });

  await chapter("to the list, to the conversation", async () => {
    await press("g", "m");
    await page.waitForURL(/\/mine$/);
    await press("g", "w");
    await page.waitForURL(/\/waiting$/);
    await desk.rows.first().waitFor();
    await press("j", "Enter");
    await desk.sees("talk to a person");
  });

  await chapter("claim, reply, note", async () => {
    await press("i");
    await customer.hears("Ana has joined", "system");
    await until("the reply box has the focus", async () => await desk.replyBox.evaluate((box) => box === document.activeElement));
    await page.keyboard.type("Hello from the keyboard");
    await press("Control+Enter");
    await customer.hears("Hello from the keyboard", "agent");
    await press("Escape", "n");
    await page.keyboard.type("typed without a mouse");
    await press("Control+Enter");
    await desk.sees("typed without a mouse");
    assert.deepEqual(messagesBy(await desk.entries(desk.conversation), "agent"), ["Hello from the keyboard"]);
  });

  await chapter("letters in a text box are letters", async () => {
    await press("Escape", "r");
    await page.keyboard.type("either");
    assert.equal(await desk.replyBox.inputValue(), "either");
    await desk.replyBox.fill("");
    await press("Escape");
  });

  await chapter("resolve, reopen, return to the bot", async () => {
    await press("e");
    await customer.hears("is marked as solved", "system");
    await desk.told("Resolved.");
    await press("Shift+R");
    await desk.told("Opened again.");
    await press("t");
    await desk.told("Returned to the bot.");
    await customer.hears("You're back with Juno");
  });

  await chapter("to what is stuck", async () => {
    await press("g", "d");
    await page.waitForURL(/\/deliveries$/);
    await page.getByRole("heading", { name: "Deliveries" }).waitFor();
  });

  await chapter("the palette finds what has no key", async () => {
    await press("Control+k");
    await page.getByRole("combobox", { name: "Find an action" }).waitFor();
    await page.keyboard.type("ledger");
    await press("Enter");
    await page.waitForURL(/\/ledger$/);
  });

  await chapter("single keys can be turned off", async () => {
    await press("g", "s");
    const settings = page.getByRole("dialog");
    await settings.getByRole("checkbox", { name: /single/i }).press("Space");
    await press("Escape");
    await settings.waitFor({ state: "hidden" });
    await press("g", "w");
    assert.match(page.url(), /\/ledger$/);
  });
});

/** The data-testid of what has the focus, inside shadow roots too. */
async function focused(page) {
  return await page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.getAttribute("data-testid") ?? null;
  });
}

/** Presses Tab until the focus is there; a person would not press longer. */
async function tabTo(page, testid, key = "Tab") {
  for (let press = 0; press < 40; press += 1) {
    if ((await focused(page)) === testid) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${testid} can't be reached with ${key}`);
}
