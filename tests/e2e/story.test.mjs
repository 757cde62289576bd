// The whole story: a customer is greeted, gets an answer, is led through a triage, asks for a person; an agent who sees all
// of it takes over and solves it. On the way the page is reloaded, the server restarts and the connection drops.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { assertSequence, Desk, messagesBy } from "./desk.mjs";
import { house, until } from "./house.mjs";
import { wire } from "./wire.mjs";

test("a customer is helped, from the first question to the rating", async (t) => {
  const { server, person, chapter } = await house(t);
  assert.match(server.invitation, /\/invite\/\S+$/, "the very first start prints a link for the first agent");
  const line = await wire(t, server.port);
  const own = [];

  const customer = await Customer.visit(await person(), `${line.origin}/demo`);
  const says = async (text) => {
    own.push(text);
    await customer.says(text);
  };
  const presses = async (label) => {
    own.push(label);
    await customer.presses(label);
  };

  await chapter("the bot greets and offers what it can do", async () => {
    await customer.open();
    const greeting = await customer.hears("Hi, I'm Juno");
    assert.ok(greeting.choices.includes("Internet connection trouble") && greeting.choices.includes("Talk to a person"), greeting.choices.join());
  });

  await chapter("a question is answered from an article, which is named, and a vote is taken", async () => {
    await says("How do I return the Larkbox?");
    const answer = await customer.hears(/return/i);
    assert.match(answer.source, /^Source: .+/);
    await presses("Yes, that helped");
    await customer.hears("Good to hear!");
  });

  await chapter("a triage flow asks, and a question in the middle is answered before it goes on", async () => {
    await says("my internet is down");
    await customer.hears("What is happening?");
    await presses("Nothing works");
    await customer.hears("What does it show?");
    await says("How do I set up direct debit?");
    const answer = await customer.hears(/direct debit/i);
    assert.match(answer.source, /^Source: .+/);
    await customer.hears("What does it show?");
  });

  await chapter("after a reload the conversation is there, and goes on where it was", async () => {
    const before = await customer.transcript();
    await customer.page.reload();
    await customer.open();
    await until("the history is back", async () => (await customer.transcript()).length >= before.length);
    assert.deepEqual((await customer.transcript()).map(({ from, text }) => ({ from, text })), before.map(({ from, text }) => ({ from, text })));
    await presses("Red");
    await customer.hears("press the thin line cable in firmly");
  });

  await chapter("the server restarts, and nobody notices", async () => {
    await server.restart();
    assert.equal(server.log.filter((line) => line.startsWith("first agent")).length, 1, "the link is printed on the very first start only");
    await says("no");
    await customer.hears("Pull the power plug");
    await presses("No, not really");
    await customer.hears("Do neighbours with Larkfield have the same trouble?");
  });

  await chapter("what is written while the connection is down goes out when it is back", async () => {
    line.cut();
    await until("the widget says so", async () => /not reachable|connecting|offline/i.test(await customer.connection.innerText()));
    own.push("I don't know", "3");
    await customer.writes("I don't know");
    await customer.writes("3");
    await customer.panel.getByText("Waiting to be sent").first().waitFor();
    line.mend();
    await customer.kept("I don't know");
    await customer.kept("3");
    await customer.hears("For how many days");
    await customer.hears("safety depend on this line");
    await customer.saidEachOnce(own);
  });

  await chapter("the customer asks for a person in their own words, and is told what happens next", async () => {
    await says("this is too complicated, can I talk to a human please");
    await customer.hears("You're next in line");
    await customer.status.getByText("next in line").waitFor();
  });

  const desk = await Desk.accept(await person(), server.origin, server.invitation, "Ana");
  let id = "";

  await chapter("an agent finds the conversation waiting, with the whole context", async () => {
    await desk.show("waiting");
    await desk.open();
    id = desk.conversation;
    await desk.sees("How do I return the Larkbox?");
    await desk.sees("can I talk to a human please");
    await desk.panel.getByText("Asked for a person", { exact: true }).waitFor();
    const brief = await desk.panel.innerText();
    assert.match(brief, /router light\s+red/i, "what the flow asked is there");
    assert.match(brief, /days\s+3/i);
    assert.match(brief, /Restart/i, "the article that was shown is there");
    assert.match(brief, /Internet trouble/, "the flow is named");
  });

  await chapter("the bot is silent while the customer waits", async () => {
    const before = messagesBy(await desk.entries(id), "bot").length;
    await says("How do I return the Larkbox?");
    await desk.sees("How do I return the Larkbox?");
    assert.equal(messagesBy(await desk.entries(id), "bot").length, before);
  });

  await chapter("the agent claims and replies; the customer sees who it is", async () => {
    await desk.act("claim");
    await customer.hears("Ana has joined", "system");
    await desk.reply("Hello, Ana here. I have reset your line; is the light white now?");
    await customer.hears("I have reset your line", "agent");
    await until("the widget names the agent", async () => (await customer.panel.getByTestId("title").innerText()) === "Ana");
    await until("the reply is shown as seen", async () => (await desk.entries(id)).some((entry) => entry.delivery?.state === "seen"));
  });

  await chapter("a note stays among agents", async () => {
    await desk.note("Port 7 was flapping, see the line test.");
    await desk.sees("Port 7 was flapping");
    await says("Yes! It works again, thank you");
    await desk.sees("It works again, thank you");
    assert.ok(!(await customer.log.innerText()).includes("Port 7"));
  });

  await chapter("the agent resolves; the customer is told and rates", async () => {
    await desk.act("resolve");
    await customer.hears(/is marked as solved.*How did we do\?/s, "system");
    await presses("Very good");
    await customer.hears("Would you like to add anything");
    await presses("No, that's all");
    await customer.hears("Thank you");
    assert.equal((await desk.get(`/conversations/${id}`)).resolution?.score, 5);
  });

  await chapter("a message that comes while the chat is closed is counted on the button", async () => {
    await customer.close();
    await desk.act("reopen");
    await desk.reply("One more thing: your credit note is on its way.");
    await customer.page.getByRole("button", { name: /^Open chat, \d+ unread/ }).waitFor();
    await customer.open();
    await customer.hears("your credit note", "agent");
    await desk.act("resolve");
  });

  await chapter("the ledger balances and the transcript has everything exactly once", async () => {
    const [inbox] = await desk.ledgerBalances();
    const entries = await desk.entries(id);
    assertSequence(entries);
    assert.deepEqual(messagesBy(entries, "contact"), own);
    assert.deepEqual(messagesBy(entries, "agent").length, 2);
    assert.equal(inbox.duplicate, 0, "nothing was sent twice");
    assert.ok(inbox.filed >= own.length, "every message was filed");
    const bot = messagesBy(entries, "bot");
    const shown = await customer.transcript();
    assert.deepEqual(shown.filter((row) => row.from === "bot").length, bot.length, "the widget shows what is kept");
    await customer.saidEachOnce(own);
  });

  await chapter("the customer can start anew", async () => {
    await customer.panel.getByTestId("anew").click();
    customer.forget();
    await customer.hears("Hi, I'm Juno");
    await customer.says("my internet is down");
    await customer.hears("What is happening?");
  });
});
