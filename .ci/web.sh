#!/usr/bin/env bash
# Builds console and widget into web/dist: packages when the lock file has changed, pages when a source has.
set -euo pipefail
cd "$(dirname "$0")/../web"

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "missing: $tool (Node.js 20 or newer)" >&2; exit 69; }
done

lock=$(cksum package.json package-lock.json)
if [ "$lock" != "$(cat node_modules/.locked 2>/dev/null)" ]; then
    npm ci --no-audit --no-fund
    echo "$lock" > node_modules/.locked
fi

if [ "$(node scripts/stamp.mjs --print)" != "$(cat dist/stamp.txt 2>/dev/null)" ]; then
    npm run build
fi
