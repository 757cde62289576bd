// The first command of the README, as a new user types it: it builds, starts, and serves the demo page, the widget and the console.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILD_MS_MAX = 15 * 60_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "make-run-"));
const args = ["run", `ARGS=--listen 127.0.0.1:0 --data ${folder}/data`];
// A group of its own, so that what make starts ends with it.
const make = spawn("make", args, { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] });
let said = "";

/** The address that the program prints, once it serves. */
const serving = new Promise((resolve, reject) => {
  const read = (chunk) => {
    said += chunk;
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
    if (found) resolve(found[0]);
  };
  make.stdout.on("data", read);
  make.stderr.on("data", read);
  make.on("exit", (code) => reject(new Error(`make run ended with ${code}`)));
  setTimeout(() => reject(new Error("make run did not serve in time")), BUILD_MS_MAX).unref();
});

try {
  const base = await serving;
  for (const path of ["/readyz", "/demo", "/widget.js", "/console/", "/api/v1/openapi.json"]) {
    const answer = await fetch(base + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  }
  console.log(`make run serves at ${base}`);
} catch (error) {
  console.error(said);
  console.error(error.message);
  process.exitCode = 1;
} finally {
  const gone = new Promise((resolve) => (make.exitCode === null ? make.once("exit", resolve) : resolve()));
  try {
    process.kill(-make.pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
  await gone;
  rmSync(folder, { recursive: true, force: true });
}
