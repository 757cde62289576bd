// An inbox that demands a signed identity: who is not signed by the site, does not get in.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Customer } from "./customer.mjs";
import { Desk } from "./desk.mjs";
import { house } from "./house.mjs";
import { pageWithWidget, site } from "./wire.mjs";

const SECRET = "a secret between the shop and its desk";
const CONFIG = `
[[inbox]]
slug = "web"
kind = "webchat"
name = "Shop"
require_signed = true
identity_secret = "${SECRET}"
`;

const sign = (id, secret = SECRET) => createHmac("sha256", secret).update(id).digest("hex");
const attributes = (id, hash) => `data-user-id="${id}" data-user-hash="${hash}" data-user-name="Robin" data-user-email="robin@mail.example"`;

test("only visitors the site has signed get in", async (t) => {
  const { server, person, chapter } = await house(t, { config: CONFIG });
  const page = (attributes) => ({ body: pageWithWidget(server.origin, { attributes }) });
  const shop = await site(t, {
    "/unsigned": page(""),
    "/forged": page(attributes("42", sign("42", "a guess"))),
    "/other": page(attributes("43", sign("42"))),
    "/signed": page(attributes("42", sign("42"))),
  });

  for (const path of ["/unsigned", "/forged", "/other"]) {
    await chapter(`${path.slice(1)}: refused, and told so`, async () => {
      const customer = await Customer.visit(await person(), shop.origin + path);
      await customer.open();
      await customer.panel.getByText("This chat is for signed-in visitors.").waitFor();
      assert.equal(await customer.input.isDisabled(), true);
      assert.equal(await customer.rows.count(), 0);
    });
  }

  await chapter("signed: greeted, and known to the agent by the site's word", async () => {
    const customer = await Customer.visit(await person(), `${shop.origin}/signed`);
    await customer.open();
    await customer.hears("Hi, I'm Juno");
    await customer.says("talk to a person");
    await customer.hears("You're next in line");

    const desk = await Desk.accept(await person(), server.origin, server.invitation, "Ana");
    const { data } = await desk.get("/conversations?view=waiting");
    assert.equal(data.length, 1, "the refused left nothing behind");
    const { contact } = await desk.get(`/conversations/${data[0].id}`);
    assert.deepEqual([contact.name, contact.proof], ["Robin", "signed"]);
    // The signature is of the id alone: the address is what the page said, and no more.
    assert.deepEqual([contact.email, contact.facts.stated_email], [null, "robin@mail.example"]);
    const [inbox] = await desk.ledgerBalances();
    assert.ok(inbox.received > 0);
  });

  await chapter("the same person in another browser has the same conversation", async () => {
    const customer = await Customer.visit(await person(), `${shop.origin}/signed`);
    await customer.open();
    await customer.hears("You're next in line");
  });
});
