# Verbs only: what they do is written in the scripts they call.
#
#   make run     builds what changed and serves; data in ./data (RELEASE=1 for an optimised binary, ARGS="--listen …" for flags)
#   make test    installs what the tests need where it may, runs them all, closes with one line of counts
#   make check   formatting, lints, licences and duplicates
#   make web     console and widget into web/dist
#   make bench   durable turns a second beside the ceiling of the day

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
	cargo bench --locked --bench turns
