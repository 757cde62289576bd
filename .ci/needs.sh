#!/usr/bin/env bash
# Installs what the tests need and the machine lacks, where it may. What stays missing is named with the way to get it.
# Never fails: the leg that needs it says so and is counted as skipped.
set -uo pipefail

missing() { echo "missing: $1 ($2)" >&2; }
have() { command -v "$1" >/dev/null; }

# Packages of Debian: only root may, and only where there is apt.
debian() { # command, packages…
    local command=$1; shift
    have "$command" && return
    if [ "$(id -u)" = 0 ] && have apt-get; then
        echo "installing $*"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" && return
    fi
    missing "$command" "as root: apt-get install $*"
}

# Tools of cargo: they go into the user's own folder. Unoptimised, because they are built longer than they run.
cargo_tool() { # command, version, flags…
    local command=$1 version=$2; shift 2
    have "$command" && return
    echo "installing $command $version"
    cargo install --locked --debug --version "$version" "$@" "$command" && return
    missing "$command" "cargo install --locked $command"
}

# The tests make a cluster of their own from the programs, and the machine gets none: Debian's package would start one.
postgresql() {
    have initdb && return
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && return
    [ "$(id -u)" = 0 ] && debian pg_createcluster postgresql-common
    local settings=/etc/postgresql-common/createcluster.conf
    [ -w "$settings" ] && sed -ri "s/^#?(create_main_cluster) .*$/\1 = false/" "$settings"
    debian initdb postgresql
}

# The same with the mail server: the machine gets none that runs, so while it is installed nothing may be started.
dovecot() {
    [ -x /usr/lib/dovecot/imap ] && [ -x /usr/lib/dovecot/lmtp ] && return
    local policy=/usr/sbin/policy-rc.d ours=
    if [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
        ours=1
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    fi
    debian dovecot-lmtpd dovecot-imapd dovecot-lmtpd
    [ -n "$ours" ] && rm -f "$policy"
}

# A browser without fonts draws boxes, and every width in a screenshot is wrong.
debian chromium chromium fonts-dejavu-core
postgresql
dovecot
# Breaks and mends a row beside the running server, for the browser tests of the quarantine.
debian sqlite3 sqlite3
cargo_tool cargo-nextest 0.9.143 --no-default-features --features default-no-update
exit 0
