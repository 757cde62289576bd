// A console that lost its connection is right again when it is back, without a reload: list, counts and transcript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { Desk, messagesBy } from "./desk.mjs";
import { house, until } from "./house.mjs";
import { wire } from "./wire.mjs";

test("the console catches up after a lost connection and a restart of the server", async (t) => {
  const { server, person, chapter } = await house(t);
  const line = await wire(t, server.port);
  const customer = await Customer.visit(await person(), `${server.origin}/demo`);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await customer.says("talk to a person");
  await customer.hears("You're next in line");

  const desk = await Desk.accept(await person(), line.origin, server.invitation.replace(server.origin, line.origin), "Ana");
  let loads = 0;
  desk.page.on("load", () => (loads += 1));
  await desk.show("waiting");
  await desk.open();
  await desk.act("claim");
  await customer.hears("Ana has joined", "system");
  await desk.show("waiting");
  await desk.page.getByText("Nobody is waiting").waitFor();
  await desk.show("mine");
  await desk.open();
  const waiting = desk.page.getByTestId("nav-waiting");

  await chapter("it says that it is cut off", async () => {
    line.cut();
    await desk.page.getByTestId("offline").waitFor();
  });

  await chapter("meanwhile a contact writes and another one queues up", async () => {
    await customer.says("while you were away");
    const other = await Customer.visit(await person(), `${server.origin}/demo`);
    await other.open();
    await other.hears("Hi, I'm Juno");
    await other.says("I want to talk to a person");
    await other.hears("You're next in line");
  });

  await chapter("back, it shows all of it, once", async () => {
    line.mend();
    await desk.sees("while you were away");
    await waiting.getByText("1", { exact: true }).waitFor();
    await desk.page.getByTestId("offline").waitFor({ state: "hidden" });
  });

  await chapter("the same over a restart of the server", async () => {
    await server.restart();
    await customer.says("and after the restart");
    await desk.sees("and after the restart");
    await desk.reply("I am here again.");
    await customer.hears("I am here again.", "agent");
  });

  await chapter("nothing is doubled or missing, and the page was never loaded again", async () => {
    const kept = (await desk.entries(desk.conversation)).filter((entry) => entry.kind === "message").length;
    await until("the transcript is the one that is kept", async () => (await desk.transcript.getByTestId("message").count()) === kept);
    assert.deepEqual(messagesBy(await desk.entries(desk.conversation), "contact"), ["talk to a person", "while you were away", "and after the restart"]);
    assert.equal(loads, 0);
  });
});
