// The house for a browser test: the real server on a folder of its own, a real browser, and nothing beyond this machine.
//
// Everything started here is ended here, by its process, when the test ends; what the server said is shown when it failed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fromWeb = createRequire(join(root, "web/package.json"));
const { chromium } = fromWeb("playwright-core");

/** How long a condition may take: generous, because a slow machine is no bug, and waited in full only by a failure. */
const PATIENCE_MS = 20_000;
const START_MS = 60_000;
const STOP_MS = 30_000;

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SERVER = process.env.SWITCHBOARD ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/switchboard");

const SWITCHES = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // No name but this machine's leads anywhere.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

export const axeSource = fromWeb.resolve("axe-core/axe.min.js");

/**
 * A house that is torn down when the test `t` ends, good or bad.
 * @param {import("node:test").TestContext} t
 * @param {{ config?: string }} [options] the text of a `switchboard.toml`
 */
export async function house(t, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "switchboard-e2e-"));
  const made = { server: null, browser: null };
  const trouble = [];
  let broken = false;
  // Hooks run in the order they are registered, so there is one: the browser goes first, and the folder last.
  t.after(async () => {
    const failed = broken || !t.passed || trouble.length > 0;
    if (failed) await photograph(made.browser, t.name);
    await made.browser?.close();
    await made.server?.stop();
    rmSync(folder, { recursive: true, force: true });
    if (failed) console.error(`the server said:\n${made.server?.log.join("\n") ?? ""}`);
    if (trouble.length > 0) throw new Error(`while the test ran:\n${trouble.join("\n")}`);
  });
  if (options.config) writeFileSync(join(folder, "switchboard.toml"), options.config);
  made.server = new Server(folder);
  await made.server.start();
  made.browser = await chromium.launch({ executablePath: CHROMIUM, args: SWITCHES });
  return {
    server: made.server,
    /** A person with a browser profile of their own: a context of Playwright. */
    person: (settings = {}) => person(made.browser, trouble, settings),
    /** A part of a story. Parts build on each other: when one fails, the rest is left out and says so. */
    chapter: (name, tell) =>
      t.test(name, async (part) => {
        if (broken) return part.skip("an earlier part failed");
        try {
          await tell(part);
        } catch (error) {
          broken = true;
          throw error;
        }
      }),
  };
}

/** What the pages looked like when a test failed, into `out/`. */
async function photograph(browser, name) {
  const out = fileURLToPath(new URL("out/", import.meta.url));
  mkdirSync(out, { recursive: true });
  const pages = browser?.contexts().flatMap((context) => context.pages()) ?? [];
  for (const [index, page] of pages.entries()) {
    const path = `${out}failed-${name.replaceAll(/\W+/g, "-").slice(0, 40)}-${index + 1}.png`;
    await page.screenshot({ path, timeout: 5000 }).catch(() => undefined);
  }
}

/** A browser context that may not leave this machine, and whose pages neither throw nor open dialogs. */
async function person(browser, trouble, settings) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", viewport: { width: 1280, height: 800 }, ...settings });
  context.setDefaultTimeout(PATIENCE_MS);
  context.on("request", (request) => {
    if (!isOurs(request.url())) trouble.push(`a request left for ${request.url()}`);
  });
  context.on("weberror", (error) => trouble.push(`a page threw ${error.error()?.stack ?? error.error()}`));
  context.on("dialog", (dialog) => {
    // Leaving with unsaved work may ask; everything else comes from a script that should be inert.
    if (dialog.type() !== "beforeunload") trouble.push(`a dialog opened: ${dialog.message()}`);
    void dialog.accept();
  });
  context.on("page", (page) =>
    page.on("websocket", (socket) => {
      if (!isOurs(socket.url())) trouble.push(`a web socket left for ${socket.url()}`);
    }),
  );
  return context;
}

function isOurs(url) {
  const { protocol, hostname } = new URL(url);
  return ["data:", "blob:", "about:"].includes(protocol) || hostname === "127.0.0.1" || hostname === "localhost";
}

/** The program itself, started and stopped as often as a test likes, on one folder and one port. */
class Server {
  log = [];
  /** The origin it serves, for example `http://127.0.0.1:40123`. */
  origin = "";
  /** The link that sets the first agent's password; printed by the very first start only. */
  invitation = "";
  #process = null;
  #folder;
  #port = 0;

  constructor(folder) {
    this.#folder = folder;
  }

  get port() {
    return this.#port;
  }

  get data() {
    return join(this.#folder, "data");
  }

  async start() {
    if (!existsSync(SERVER)) throw new Error(`no server at ${SERVER}: cargo build --bin switchboard`);
    const flags = ["serve", "--listen", `127.0.0.1:${this.#port}`, "--data", this.data];
    const child = spawn(SERVER, flags, { cwd: this.#folder, stdio: ["ignore", "pipe", "pipe"], env: environment() });
    this.#process = child;
    const gone = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => reject(new Error(`the server ended with ${code ?? signal}:\n${this.log.join("\n")}`)));
    });
    gone.catch(() => undefined);
    createInterface({ input: child.stderr }).on("line", (line) => this.log.push(line));
    const ready = new Promise((resolve) => {
      const printed = {};
      createInterface({ input: child.stdout }).on("line", (line) => {
        this.log.push(line);
        const found = /^\s*(demo page|console|first agent)\s.*?(https?:\/\/\S+)/.exec(line);
        if (found) printed[found[1]] = found[2];
        if (printed["demo page"] && printed.console) resolve(printed);
      });
    });
    await within(START_MS, "the server prints its addresses", Promise.race([ready, gone]));
    const printed = await ready;
    this.origin = new URL(printed["demo page"]).origin;
    this.#port = Number(new URL(this.origin).port);
    await until("the server is ready", async () => (await fetch(`${this.origin}/readyz`)).ok);
    this.invitation ||= printed["first agent"] ?? this.#printedInvitation();
  }

  /** SIGTERM, as a service manager would; what is under way is finished. */
  async stop() {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    try {
      await within(STOP_MS, "the server ends after SIGTERM", ended);
    } catch (error) {
      child.kill("SIGKILL");
      await ended;
      throw error;
    }
  }

  /** No farewell: power is cut. */
  async kill() {
    const child = this.#process;
    this.#process = null;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** What its configuration says from the next start on. */
  configure(text) {
    writeFileSync(join(this.#folder, "switchboard.toml"), text);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  #printedInvitation() {
    return this.log.map((line) => /(https?:\/\/\S+\/invite\/\S+)/.exec(line)?.[1]).find(Boolean) ?? "";
  }
}

/** Only what a program needs to run: no setting of the machine may change what is tested. */
function environment() {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), NO_COLOR: "1", RUST_BACKTRACE: "1" };
}

/** Waits for a condition by asking again; the last error is told when it never held. */
export async function until(what, holds, patience = PATIENCE_MS) {
  const deadline = Date.now() + patience;
  let last = null;
  while (Date.now() < deadline) {
    try {
      const value = await holds();
      if (value) return value;
      last = null;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error(`waited ${patience} ms in vain: ${what}${last ? ` (${last.message})` : ""}`);
}

/** Nothing on the page moves any more, in shadow roots neither: what fades in is looked at as it ends up. */
export async function still(page) {
  await page.evaluate(() => document.fonts.ready);
  await until("nothing moves", () =>
    page.evaluate(() => {
      const shadows = [...document.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
      const moving = [document, ...shadows].flatMap((root) => root.getAnimations()).filter(({ playState }) => playState === "running");
      return moving.every(({ effect }) => effect.getComputedTiming().iterations === Infinity);
    }),
  );
}

async function within(patience, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patience} ms in vain: ${what}`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
