#!/usr/bin/env bash
# Runs every test and closes with one line: N passed, N failed, N skipped.
#
# Each leg is counted from its runner's own words. A leg that can't run says why and counts as one skipped; a leg that ends
# badly without naming a failed test (it does not compile, it was killed) counts as one failed. In CI a skip fails too.
set -uo pipefail
cd "$(dirname "$0")/.."
exec </dev/null
export CARGO_TERM_COLOR=never NO_COLOR=1
# Where cargo puts the tools it installs.
export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 skipped=0 summary=

# The numbers before or after one of the words, on the lines that match, summed up.
sum() { # log, lines, words
    sed -E 's/\x1b\[[0-9;]*m//g' "$1" | grep -E "$2" | grep -oE "[0-9]+ ($3)|($3) [0-9]+" | grep -oE '[0-9]+' |
        awk '{ n += $1 } END { print n + 0 }'
}

add() { # name, passed, failed, skipped
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    summary+=$(printf '%-14s %5d passed %4d failed %4d skipped' "$@")$'\n'
}

skip() { # name, reason
    printf '\n== %s\nskipped: %s\n' "$1" "$2"
    add "$1" 0 0 1
}

# Runs a leg: its output is shown, and counted on the lines where the runner sums up.
leg() { # name, lines, words for passed, for failed, for skipped, command…
    local name=$1 lines=$2 good=$3 bad=$4 left=$5 log="$logs/$1" status=0 f
    shift 5
    printf '\n== %s: %s\n' "$name" "$*"
    "$@" 2>&1 | tee "$log" || status=$?
    f=$(sum "$log" "$lines" "$bad")
    # A runner that never summed up has not run.
    if [ "$f" = 0 ] && { [ "$status" != 0 ] || ! grep -qE "$lines" "$log"; }; then f=1; fi
    add "$name" "$(sum "$log" "$lines" "$good")" "$f" "$(sum "$log" "$lines" "$left")"
}

# A command that is one test: it passes or fails as a whole.
whole() { # name, command…
    local name=$1
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    if "$@"; then add "$name" 1 0 0; else add "$name" 0 1 0; fi
}

.ci/needs.sh

# First, because the binary embeds the pages.
whole "web build" .ci/web.sh

if command -v cargo-nextest >/dev/null; then
    leg rust '^ *Summary ' passed 'failed|timed out|exec failed' skipped \
        cargo nextest run --locked --workspace --no-fail-fast
else
    skip rust "cargo-nextest is missing"
fi
# Tests on PostgreSQL pass without it and say so, but their output is not shown: here it counts.
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    skip postgresql "PostgreSQL is not installed; the tests ran on SQLite alone"
fi
leg "rust docs" '^test result: ' passed failed ignored \
    cargo test --locked --workspace --doc --no-fail-fast

whole "web types" npm --prefix web run check
leg web '^ *Tests ' passed failed 'skipped|todo' \
    npm --prefix web test

if ! CHROMIUM=$(command -v chromium); then
    skip browser "chromium is missing"
else
    export CHROMIUM
    whole "server build" cargo build --locked --bin switchboard
    leg browser '^ℹ ' pass 'fail|cancelled' 'skipped|todo' \
        node --test --test-reporter=spec --test-concurrency=1 tests/e2e/*.test.mjs
fi

whole "make run" node tests/make_run.mjs

printf '\n%s\n%d passed, %d failed, %d skipped\n' "$summary" "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && { [ "$skipped" = 0 ] || [ "${CI:-}" != true ]; }
