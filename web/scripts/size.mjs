// The widget's promise to the pages that carry it: at most 15 kB gzipped, styles and every language included.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 15_000;
const file = new URL("../dist/widget.js", import.meta.url);
const bytes = readFileSync(file);
const packed = gzipSync(bytes, { level: 9 }).length;
const line = `widget.js: ${bytes.length} bytes, ${packed} gzipped (limit ${LIMIT})`;
if (packed > LIMIT) {
  console.error(`${line}: too large. Take something out; the limit is a promise to the pages that carry it.`);
  process.exit(1);
}
console.log(line);
