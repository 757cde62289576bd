// Two agents at one conversation: each sees the other, and nobody answers over the other's head.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { Desk, messagesBy } from "./desk.mjs";
import { house, until } from "./house.mjs";

test("two agents with one conversation", async (t) => {
  const { server, person, chapter } = await house(t);
  const customer = await Customer.visit(await person(), `${server.origin}/demo`);
  await customer.open();
  await customer.hears("Hi, I'm Juno");
  await customer.says("talk to a person");
  await customer.hears("You're next in line");

  const ana = await Desk.accept(await person(), server.origin, server.invitation, "Ana");
  const ben = await ana.invite(await person(), "ben@larkfield.example", "Ben");

  await chapter("each sees that the other is there", async () => {
    for (const desk of [ana, ben]) {
      await desk.show("waiting");
      await desk.open();
    }
    await ana.viewers.getByText("Ben is viewing").waitFor();
    await ben.viewers.getByText("Ana is viewing").waitFor();
  });

  await chapter("a claim is seen by the other at once, and so is typing", async () => {
    await ana.act("claim");
    await customer.hears("Ana has joined", "system");
    await ben.thread.getByTestId("holder").getByText("Ana").waitFor();
    await until("it is no longer waiting for Ben", async () => (await ben.get("/counts")).waiting === 0);
    await ana.replyBox.pressSequentially("Hello, this is A");
    await ben.viewers.getByText("Ana is typing").waitFor();
    await ana.replyBox.fill("");
  });

  await chapter("taking it from a colleague asks first", async () => {
    await ben.act("claim");
    const question = ben.page.getByRole("dialog", { name: "Take it over?" });
    await question.waitFor();
    assert.match(await question.innerText(), /Ana/);
    assert.equal((await ben.get(`/conversations/${ben.conversation}`)).handler.agent.name, "Ana", "asking changes nothing");
    await question.getByRole("button", { name: "Take over" }).click();
    await customer.hears("Ben", "system");
    await ana.thread.getByTestId("holder").getByText("Ben").waitFor();
  });

  await chapter("who lost the turn can't reply any more", async () => {
    await ana.thread.getByTestId("claim-bar").getByText("Ben").waitFor();
    const seen_seq = (await ana.entries(ana.conversation)).at(-1).seq;
    const answer = await ana.send(`/conversations/${ana.conversation}/reply`, { text: "too late", seen_seq });
    assert.equal(answer.status(), 409);
    assert.equal((await answer.json()).code, "not_your_turn");
    assert.ok(!messagesBy(await ana.entries(ana.conversation), "agent").includes("too late"));
  });

  await chapter("a reply written against an older state asks before it is sent", async () => {
    await ben.replyBox.fill("Please send me your customer number.");
    const release = await hold(ben.page, (request) => request.method() === "GET" && request.url().includes("/conversations"));
    await customer.says("My customer number is L-20417");
    const said = async (kind) => messagesBy(await ana.entries(ana.conversation), kind);
    const before = (await said("agent")).length;
    const answered = ben.page.waitForResponse((response) => response.url().endsWith("/reply"));
    await ben.replyBox.press("Control+Enter");
    assert.equal((await answered).status(), 409);
    await release();
    const question = ben.page.getByRole("dialog", { name: "Newer messages came in" });
    await question.getByText("L-20417").waitFor();
    assert.equal((await said("agent")).length, before, "nothing was sent yet");
    await question.getByRole("button", { name: "Keep editing" }).click();
    assert.equal(await ben.replyBox.inputValue(), "Please send me your customer number.", "nothing written is lost");
    await ben.replyBox.fill("Thank you, that is all I need.");
    await ben.replyBox.press("Control+Enter");
    await customer.hears("Thank you, that is all I need.", "agent");
    assert.deepEqual((await said("agent")).slice(before), ["Thank you, that is all I need."]);
  });

  await chapter("after asking, the reply can be sent all the same", async () => {
    await ben.replyBox.fill("I am looking into it.");
    const release = await hold(ben.page, (request) => request.method() === "GET" && request.url().includes("/conversations"));
    await customer.says("Are you still there?");
    const answered = ben.page.waitForResponse((response) => response.url().endsWith("/reply"));
    await ben.replyBox.press("Control+Enter");
    assert.equal((await answered).status(), 409);
    await release();
    await ben.page.getByRole("dialog", { name: "Newer messages came in" }).getByRole("button", { name: "Send anyway" }).click();
    await customer.hears("I am looking into it.", "agent");
    const sent = messagesBy(await ana.entries(ana.conversation), "agent").filter((text) => text === "I am looking into it.");
    assert.equal(sent.length, 1);
  });
});

/** Keeps what a page asks for waiting until it is released: the page knows only what it knew. */
async function hold(page, held) {
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const handler = async (route) => {
    if (held(route.request())) await gate;
    await route.continue().catch(() => undefined);
  };
  await page.route("**/api/v1/**", handler);
  return async () => {
    release();
    await page.unroute("**/api/v1/**", handler);
  };
}
