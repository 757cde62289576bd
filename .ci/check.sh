#!/usr/bin/env bash
# What is checked beside the tests. Stops at the first step that fails, and says which.
set -euo pipefail
cd "$(dirname "$0")/.."
# Where cargo puts the tools it installs.
export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

step=
trap '[ $? = 0 ] || echo "check stopped at: $step" >&2' EXIT
run() {
    step=$*
    printf '\n== %s\n' "$step"
    "$@"
}

run cargo fmt --all --check
# The server's pages are embedded, so they are there before anything is compiled.
run .ci/web.sh
run cargo clippy --locked --workspace --all-targets -- -D warnings
command -v cargo-deny >/dev/null || run cargo install --locked --debug --version 0.20.2 cargo-deny
# The sources of every platform's packages, whose licences are read; with them on disk the check itself needs no network.
run cargo fetch --locked
run cargo deny --offline check --deny warnings licenses bans sources
echo "checks passed"
