// An agent at the console: what a person sees and does, by roles and names.
import assert from "node:assert/strict";
import { until } from "./house.mjs";

export const PASSWORD = "three unrelated quiet words";

export class Desk {
  /** @param {import("playwright-core").Page} page */
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    this.list = page.getByTestId("list");
    this.rows = this.list.getByTestId("row");
    this.thread = page.getByTestId("conversation");
    this.transcript = this.thread.getByTestId("transcript");
    /** The brief and everything else that is known, beside the transcript. */
    this.panel = page.getByTestId("panel");
    this.viewers = this.thread.getByTestId("viewers");
    this.replyBox = this.thread.getByRole("textbox", { name: "Reply to the contact" });
    this.noteBox = this.thread.getByRole("textbox", { name: "Note for agents" });
    page.on("request", (request) => this.#counts(request) && this.#underWay.add(request));
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => this.#underWay.delete(request));
  }

  #underWay = new Set();

  /** The stream of events never ends. */
  #counts(request) {
    return request.url().includes("/api/") && !request.url().includes("/events");
  }

  /** The page has its heading, and what it asked the server for. */
  async settled() {
    await this.page.getByRole("main").getByRole("heading").first().waitFor();
    await until("the page is loaded", async () => this.#underWay.size === 0 && (await this.page.locator(".skeleton").count()) === 0);
  }

  /** The id of the conversation that is open. */
  get conversation() {
    return new URL(this.page.url()).pathname.split("/").at(-1);
  }

  /** Follows an invitation: sets name and password, and is signed in. */
  static async accept(context, origin, invitation, name, password = PASSWORD) {
    const page = await context.newPage();
    const desk = new Desk(page, origin);
    await page.goto(invitation);
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Set password and sign in" }).click();
    await page.getByRole("navigation", { name: "Console" }).waitFor();
    return desk;
  }

  /** A further colleague, invited by this admin. */
  async invite(context, email, name, role = "agent") {
    const { invitation_url } = await this.post("/agents", { email, name, role });
    return await Desk.accept(context, this.origin, invitation_url, name);
  }

  async signIn(email, password = PASSWORD) {
    await this.page.getByLabel("E-mail").fill(email);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByRole("navigation", { name: "Console" }).waitFor();
  }

  async show(view) {
    await this.page.getByTestId(`nav-${view}`).click();
    await this.page.waitForURL(new RegExp(`/console/${view}$`));
  }

  /** Opens the first conversation of the list, or the first whose row says this. */
  async open(words = "") {
    await this.rows.filter({ hasText: words }).first().click();
    await this.transcript.waitFor();
  }

  /** Presses the button of an action: claim, transfer, return, resolve, reopen. */
  async act(id) {
    await this.thread.getByTestId(`act-${id}`).click();
  }

  async reply(text) {
    await this.thread.getByRole("tab", { name: "Reply" }).click();
    await this.replyBox.fill(text);
    await this.thread.getByRole("button", { name: "Send reply" }).click();
  }

  async note(text) {
    await this.thread.getByRole("tab", { name: "Note" }).click();
    await this.noteBox.fill(text);
    await this.thread.getByRole("button", { name: "Add note" }).click();
  }

  /** Waits until the transcript shows this. */
  async sees(words) {
    await this.transcript.getByText(words).first().waitFor();
  }

  /** The toast that says what came of the last action. */
  async told(words) {
    await this.page.getByTestId("toasts").getByText(words).waitFor();
  }

  // The API, as this agent: to check what the pages show against what is kept.

  async get(path) {
    const answer = await this.page.request.get(`${this.origin}/api/v1${path}`);
    assert.equal(answer.status(), 200, `GET ${path}: ${await answer.text()}`);
    return await answer.json();
  }

  /** A POST as the console sends it, whatever comes of it. */
  async send(path, body) {
    const headers = { origin: this.origin, "idempotency-key": crypto.randomUUID() };
    return await this.page.request.post(`${this.origin}/api/v1${path}`, { data: body, headers });
  }

  async post(path, body) {
    const answer = await this.send(path, body);
    assert.ok(answer.ok(), `POST ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? null : await answer.json();
  }

  /** Every entry of a conversation, page after page. */
  async entries(id) {
    const all = [];
    let after = 0;
    while (true) {
      const { data } = await this.get(`/conversations/${id}/entries?after=${after}&limit=100`);
      if (data.length === 0) return all;
      all.push(...data);
      after = data.at(-1).seq;
    }
  }

  /** Everything that came in is accounted for, and how much it was. */
  async ledgerBalances() {
    const { data, quarantine } = await this.get("/ledger");
    for (const { inbox, received, filed, duplicate, filtered, quarantined, balanced } of data) {
      assert.equal(received, filed + duplicate + filtered + quarantined, `the ledger of ${inbox.name}`);
      assert.equal(balanced, true, `the ledger of ${inbox.name} says so itself`);
    }
    assert.deepEqual(quarantine, []);
    return data;
  }
}

/** The messages of a transcript by one kind of author. */
export function messagesBy(entries, kind) {
  return entries.filter((entry) => entry.kind === "message" && entry.author.kind === kind).map((entry) => entry.content.text);
}

/** Sequence numbers count on without gap or repetition. */
export function assertSequence(entries) {
  assert.deepEqual(entries.map((entry) => entry.seq), entries.map((_, index) => index + 1));
}
