// A customer at the widget: what a person sees and does, by roles and names.
import assert from "node:assert/strict";
import { until } from "./house.mjs";

export class Customer {
  /** Messages up to here have been looked at. */
  #heard = 0;

  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.page = page;
    this.launcher = page.getByTestId("launcher");
    this.panel = page.getByRole("dialog", { name: "Chat" });
    this.log = this.panel.getByRole("log", { name: "Messages" });
    this.input = this.panel.getByRole("textbox", { name: "Your message" });
    this.send = this.panel.getByRole("button", { name: "Send" });
    this.connection = this.panel.getByTestId("connection");
    this.status = this.panel.getByTestId("status");
    this.rows = this.log.locator("[data-testid=message], [data-testid=system]");
  }

  /** A new page in a context, on the address of a page that carries the widget. */
  static async visit(context, address) {
    const page = await context.newPage();
    await page.goto(address);
    const customer = new Customer(page);
    await customer.launcher.waitFor();
    return customer;
  }

  async open() {
    await this.launcher.click();
    await this.panel.waitFor();
  }

  async close() {
    await this.panel.getByRole("button", { name: "Close chat" }).click();
    await this.panel.waitFor({ state: "hidden" });
  }

  /** Writes without waiting for the server. */
  async writes(text) {
    await this.input.fill(text);
    await this.input.press("Enter");
  }

  /** Writes, and waits until the server has it on disk. */
  async says(text) {
    await this.writes(text);
    await this.kept(text);
  }

  /** The message is on the server's disk. */
  async kept(text) {
    await until(`the server keeps ${JSON.stringify(text)}`, async () => {
      const own = (await this.transcript()).filter((row) => row.from === "contact" && row.text === text);
      return own.length > 0 && own.every((row) => row.state === "sent");
    });
  }

  /** Presses one of the answers under the last question. */
  async presses(label) {
    await this.panel.getByTestId("choices").last().getByRole("button", { name: label, exact: true }).click();
  }

  /** Waits for a message after those already heard; returns it. Without an author: of the bot or of the house itself. */
  async hears(words, from = "bot|system") {
    const fits = typeof words === "string" ? (text) => text.includes(words) : (text) => words.test(text);
    try {
      return await until(`${from} says ${words}`, async () => {
        const rows = await this.transcript();
        const at = rows.findIndex((row, index) => index >= this.#heard && from.split("|").includes(row.from) && fits(row.text));
        if (at < 0) return null;
        this.#heard = at + 1;
        return rows[at];
      });
    } catch (error) {
      throw new Error(`${error.message}\nthe chat shows:\n${show(await this.transcript())}`);
    }
  }

  /** What the panel shows, top to bottom. */
  async transcript() {
    return await this.rows.evaluateAll((rows) =>
      rows.map((row) => {
        const texts = row.querySelector("[data-testid=text], .system-text");
        const buttons = [...row.querySelectorAll("[data-testid=choice]")];
        return {
          from: row.dataset.from ?? "system",
          state: row.dataset.state ?? null,
          text: texts?.innerText.trim() ?? "",
          choices: buttons.map((button) => button.innerText.trim()),
          source: row.querySelector("[data-testid=source]")?.innerText.trim() ?? null,
        };
      }),
    );
  }

  /** Nothing of this was said twice, and nothing is missing. */
  async saidEachOnce(texts) {
    const own = (await this.transcript()).filter((row) => row.from === "contact").map((row) => row.text);
    assert.deepEqual(own, texts);
  }

  /** A new conversation: what was heard before is no longer shown. */
  forget() {
    this.#heard = 0;
  }
}

export function show(rows) {
  return rows.map((row) => `  ${row.from}: ${row.text}${row.choices.length ? ` [${row.choices.join("] [")}]` : ""}`).join("\n");
}
