// Says which sources the built files come from, so that another build (the server's) can tell whether they are stale.
//
// The rule, which anybody may compute in any language:
//   * Files: every regular file under `web/`, except below a folder named `node_modules` or `dist`, and except files or
//     folders whose name begins with a dot. Symbolic links are not followed.
//   * Path: relative to `web/`, parts joined with `/`, as UTF-8.
//   * Order: by the bytes of the path.
//   * sha256 over, for each file in order: path, one zero byte, the length in bytes as decimal ASCII digits, one zero byte,
//     the bytes.
//   * `dist/stamp.txt` holds the digest as 64 lowercase hex digits and a line feed.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const skipped = new Set(["node_modules", "dist"]);

/** @param {string} folder relative, "" for the root @returns {string[]} */
function files(folder) {
  return readdirSync(join(web, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : files(path);
    return entry.isFile() ? [path] : [];
  });
}

const hash = createHash("sha256");
const paths = files("").map((path) => ({ path, bytes: Buffer.from(path) }));
paths.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
for (const { path, bytes } of paths) {
  const content = readFileSync(join(web, path));
  hash.update(bytes).update(`\0${content.length}\0`).update(content);
}
const stamp = hash.digest("hex");
if (process.argv.includes("--print")) {
  process.stdout.write(`${stamp}\n`);
} else {
  mkdirSync(join(web, "dist"), { recursive: true });
  writeFileSync(join(web, "dist", "stamp.txt"), `${stamp}\n`);
}
