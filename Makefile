# Verbs only: what they do is written in the scripts they call.
#
#   make run     builds what changed and serves; data in ./data (RELEASE=1 for an optimised binary, ARGS="--listen …" for flags)
#   make test    installs what the tests need where it may, runs them all, closes with one line of counts
#   make check   formatting, lints, licences and duplicates
#   make web     console and widget into web/dist
#   make bench   the path of a message, measured: a table and target/bench/report.json (ONLY=turns,webchat for some sections, QUICK=1
#                to see whether the bench works); what the numbers mean stands in benches/README.md

.PHONY: run test check web bench

run: web
	cargo run --locked $(if $(RELEASE),--release) --bin switchboard -- serve $(ARGS)

test:
	tests/run.sh

check:
	.ci/check.sh

web:
	.ci/web.sh

bench:
	# Every socket is a file, in the bench and in the server it starts.
	ulimit -n $$(ulimit -Hn) && ONLY=$(ONLY) QUICK=$(QUICK) cargo bench --locked --bench path
