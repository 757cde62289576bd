// What got stuck, on its way in or out: found, understood, and settled by a person, once.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { join } from "node:path";
import { Customer } from "./customer.mjs";
import { Desk, messagesBy } from "./desk.mjs";
import { house, until } from "./house.mjs";
import { trouble } from "./trouble.mjs";

const inbox = (slug) => `[[inbox]]\nslug = "${slug}"\nkind = "webchat"\nname = "Shop"\n`;

test("a reply that could not be sent is tried again from the conversation and from the list", async (t) => {
  const { server, person, chapter } = await house(t, { config: inbox("shop") });
  const customer = await Customer.visit(await person(), `${server.origin}/demo`);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await customer.says("talk to a person");
  await customer.hears("You're next in line");
  const desk = await Desk.accept(await person(), server.origin, server.invitation, "Ana");
  const { page } = desk;
  await desk.show("waiting");
  await desk.open();
  await desk.act("claim");
  await customer.hears("Ana has joined", "system");
  const status = (words) => desk.transcript.getByTestId("message").filter({ hasText: words }).getByTestId("delivery");
  const state = async (words, wanted) => await until(`${words} is ${wanted}`, async () => (await status(words).getAttribute("data-state")) === wanted);
  const talk = () => page.goto(`${server.origin}/console/mine/${conversation}`);
  let conversation = "";

  await chapter("a reply to an inbox that is no longer there says so", async () => {
    conversation = desk.conversation;
    server.configure(inbox("other"));
    await server.restart();
    await talk();
    for (const words of ["First answer", "Second answer", "Third answer"]) {
      await desk.reply(words);
      await desk.sees(words);
    }
    // What is waiting for an inbox that is gone is looked for at the start.
    await server.restart();
    await talk();
    for (const words of ["First answer", "Second answer", "Third answer"]) await state(words, "failed");
    assert.match(await status("First answer").innerText(), /^Not delivered: .*not configured any more/);
  });

  await chapter("the way there is marked, and the list says why", async () => {
    await page.getByTestId("count-deliveries").getByText("3").waitFor();
    await page.getByTestId("nav-deliveries").click();
    await until("three rows", async () => (await page.getByTestId("delivery-row").count()) === 3);
    const row = page.getByTestId("delivery-row").filter({ hasText: "Second answer" });
    await row.getByText(/not configured any more/).waitFor();
    await row.getByRole("link", { name: /Conversation #/ }).waitFor();
  });

  await chapter("one is dropped, with a reason that stays", async () => {
    await page.getByTestId("delivery-row").filter({ hasText: "Third answer" }).getByTestId("drop").click();
    await page.getByRole("textbox", { name: "Reason" }).fill("told on the phone");
    await page.getByTestId("reason-confirm").click();
    await desk.told("Dropped.");
    await talk();
    await status("Third answer").getByText(/dropped by Ana: told on the phone/).waitFor();
    assert.equal(await desk.transcript.getByTestId("message").filter({ hasText: "Third answer" }).getByTestId("retry-delivery").count(), 0);
  });

  await chapter("the inbox is back: one goes out from the conversation, one from the list, each once", async () => {
    server.configure(inbox("shop"));
    await server.restart();
    await talk();
    await desk.transcript.getByTestId("message").filter({ hasText: "First answer" }).getByTestId("retry-delivery").click();
    await desk.told("On its way again.");
    await customer.hears("First answer", "agent");
    await until("it has arrived", async () => ["sent", "delivered", "seen"].includes(await status("First answer").getAttribute("data-state")));
    await page.getByTestId("nav-deliveries").click();
    await page.getByTestId("pick-all").check();
    await page.getByTestId("retry-picked").click();
    await desk.told("On its way again.");
    await customer.hears("Second answer", "agent");
    await page.reload();
    await page.getByText("Nothing is stuck").waitFor();
    await page.getByTestId("count-deliveries").waitFor({ state: "hidden" });
    const shown = (await customer.transcript()).filter(({ from }) => from === "agent").map(({ text }) => text);
    // The web chat shows its page what is committed, so the dropped one stands there too; each once, whoever sent it again.
    assert.deepEqual(shown.filter((text) => /answer$/.test(text)).sort(), ["First answer", "Second answer", "Third answer"]);
    assert.deepEqual(messagesBy(await desk.entries(conversation), "agent"), ["First answer", "Second answer", "Third answer"]);
  });
});

test("what could not be filed is looked at, filed later or dismissed", async (t) => {
  const { server, person, chapter } = await house(t);
  const sql = (text) => execFileSync("sqlite3", [join(server.data, "switchboard.db"), ".timeout 10000", text]);
  try {
    execFileSync("sqlite3", ["--version"]);
  } catch {
    return t.skip("sqlite3 is missing: as root apt-get install sqlite3");
  }
  const customer = await Customer.visit(await person(), `${server.origin}/demo`);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  const desk = await Desk.accept(await person(), server.origin, server.invitation, "Ana");
  const { page } = desk;
  const dialog = page.getByTestId("quarantine-dialog");
  /** A message that meets a conversation nobody can read, which is mended afterwards. */
  const stuck = async (words) => {
    const { data } = await desk.get("/ledger");
    sql("UPDATE conversations SET state = 'x' || state");
    await customer.writes(words);
    await until("it is in quarantine", async () => (await desk.get("/ledger")).data[0].quarantined > data[0].quarantined);
    sql("UPDATE conversations SET state = SUBSTR(state, 2)");
  };
  const ledger = async () => {
    await page.goto(`${server.origin}/console/ledger`);
    await desk.settled();
  };

  await chapter("its bytes are shown as text, and come as they were", async () => {
    await stuck("I want to talk to a person <b>now</b>");
    await ledger();
    assert.equal(await page.getByTestId("balance").getAttribute("data-balanced"), "true");
    assert.match(await page.getByTestId("statement").innerText(), /\d+ received = \d+ filed \+ 0 duplicate \+ 0 filtered \+ 1 in quarantine/);
    await page.getByTestId("look").click();
    await dialog.getByTestId("bytes").getByText("<b>now</b>").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByTestId("download").click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    assert.match(Buffer.concat(chunks).toString(), /talk to a person <b>now<\/b>/);
  });

  await chapter("read again, it is filed into its conversation, once", async () => {
    await dialog.getByTestId("quarantine-retry").click();
    await desk.told("Filed into its conversation.");
    await page.getByTestId("quarantine-empty").waitFor();
    await page.getByTestId("toasts").getByRole("link", { name: "Open" }).click();
    await desk.sees("talk to a person");
    await desk.sees("Filed later from quarantine by Ana");
    await desk.ledgerBalances();
  });

  await chapter("another is dismissed with a reason, and a second look says so", async () => {
    await stuck("something else");
    await ledger();
    await page.getByTestId("look").click();
    const address = page.url();
    await dialog.getByTestId("quarantine-dismiss").click();
    await page.getByRole("textbox", { name: "Reason" }).fill("a test of ours");
    await page.getByTestId("reason-confirm").click();
    await desk.told("Dismissed.");
    await page.getByTestId("quarantine-empty").waitFor();
    const [{ filtered }] = await desk.ledgerBalances();
    assert.equal(filtered, 1);
    await page.goto(address);
    await dialog.getByText(/not in quarantine any more/).waitFor();
  });

  await chapter("the days can be chosen, by preset and by hand", async () => {
    await ledger();
    await page.getByRole("button", { name: "7 days" }).click();
    await page.waitForURL(/from=/);
    assert.equal(await page.getByRole("button", { name: "7 days" }).getAttribute("aria-pressed"), "true");
    await page.getByLabel("From").fill("2020-01-01");
    await page.getByLabel("to", { exact: true }).fill("2020-01-31");
    await page.waitForURL(/to=2020-01-31/);
    await page.getByTestId("statement").getByText("1 January to 31 January 2020: 0 received").waitFor();
  });
});

test("trouble is told to whom it concerns, and nothing is sent twice unasked", async (t) => {
  const { server, person, chapter } = await house(t);
  const context = await person();
  const { asked, mend, settledElsewhere } = await trouble(context);
  const desk = await Desk.accept(context, server.origin, server.invitation, "Ana");
  const { page } = desk;
  const rows = page.getByTestId("delivery-row");
  const row = (id) => page.locator(`[data-delivery=${id}]`);
  const focused = () => page.evaluate(() => document.activeElement?.closest("[data-delivery]")?.dataset.delivery ?? document.activeElement?.dataset.testid);

  await chapter("a paused inbox is told on every page: to an admin why, to an agent what it means", async () => {
    const colleagues = await person();
    await trouble(colleagues);
    const ben = await desk.invite(colleagues, "ben@shop.example", "Ben");
    for (const path of ["waiting", "knowledge/articles", "deliveries"]) {
      await page.goto(`${server.origin}/console/${path}`);
      await page.getByTestId("paused").getByText(/^Larkfield mail has been paused since .*connection refused by smtp.mail.example:587. Next try at/).waitFor();
      await ben.page.goto(`${server.origin}/console/${path}`);
      await ben.page.getByTestId("paused").getByText("Larkfield mail can’t send at the moment. What you write is kept").waitFor();
    }
    assert.equal(await ben.page.getByTestId("paused").getByText("smtp").count(), 0);
    await page.getByTestId("circuit").getByText(/8 tries in a row failed: connection refused/).waitFor();
  });

  await chapter("what perhaps arrived is asked about, and by default not sent", async () => {
    await row("dlv_3").getByTestId("retry").click();
    const dialog = page.getByRole("dialog", { name: "It may have arrived already" });
    await dialog.getByText("Your refund of 39.90").waitFor();
    assert.match(await page.evaluate(() => document.activeElement.innerText), /Don’t send/);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await focused(), "dlv_3", "the focus is back where it was");
    await row("dlv_3").getByTestId("retry").click();
    await dialog.getByTestId("repeat-confirm").click();
    await desk.told("On its way again.");
    assert.deepEqual(asked.filter(({ id }) => id === "dlv_3").map(({ even_if_delivered }) => even_if_delivered), [false, false, true]);
    await until("the focus is on what it came to", async () => (await focused()) === "dlv_3");
  });

  await chapter("several at once: oldest first; a colleague was faster with one; one needs a yes", async () => {
    asked.length = 0;
    await page.getByTestId("pick-all").check();
    settledElsewhere("dlv_6");
    await page.getByTestId("retry-picked").click();
    const dialog = page.getByTestId("repeat-dialog");
    await dialog.getByText("2 are on their way again. A colleague was faster: it is no longer stuck.").waitFor();
    assert.deepEqual(asked, ["dlv_6", "dlv_5", "dlv_4", "dlv_1"].map((id) => ({ id, verb: "retry", even_if_delivered: false })));
    await dialog.getByRole("button", { name: "Don’t send" }).click();
    await row("dlv_4").and(page.locator("[data-row-state=uncertain]")).waitFor();
  });

  await chapter("dropping needs a reason, and keeps it", async () => {
    await row("dlv_4").getByTestId("drop").click();
    assert.equal(await page.getByTestId("reason-confirm").isDisabled(), true);
    await page.getByRole("textbox", { name: "Reason" }).fill("answered by phone");
    await page.getByTestId("reason-confirm").click();
    await row("dlv_4").getByText("dropped by Ana Ferreira: answered by phone").waitFor();
    assert.equal(asked.at(-1).reason, "answered by phone");
    await page.reload();
    await page.getByText("Nothing is stuck").waitFor();
    assert.equal(await rows.count(), 0);
  });

  await chapter("the pause ends without a reload", async () => {
    await page.getByTestId("paused").getByText("Larkfield mail").waitFor();
    mend();
    await page.getByTestId("paused").getByText("Larkfield mail").waitFor({ state: "hidden" });
    await page.getByTestId("inbox").filter({ hasText: "Larkfield mail" }).getByText("Sending").waitFor();
  });

  await chapter("strange bytes do nothing; what can't be read yet stays, and says so", async () => {
    await page.getByTestId("nav-ledger").click();
    await page.getByTestId("look").first().click();
    const dialog = page.getByTestId("quarantine-dialog");
    const bytes = dialog.getByTestId("bytes");
    await bytes.getByText("<script>alert(1)</script>").waitFor();
    assert.match(await bytes.innerText(), /\[U\+202E\]reversed\[U\+202C\] and \[U\+0000\]/);
    assert.equal(await bytes.evaluate((box) => box.childElementCount), 0);
    await dialog.getByTestId("quarantine-retry").click();
    await dialog.getByRole("alert").getByText("It still can’t be read: unknown charset").waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL(/\/ledger$/);
    await page.getByTestId("look").nth(1).click();
    await dialog.getByTestId("bytes-gone").waitFor();
    assert.equal(await dialog.getByTestId("quarantine-retry").count(), 0);
    await page.goBack();
    await dialog.waitFor({ state: "hidden" });
  });
});
