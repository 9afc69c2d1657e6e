# Everything one does with Plumb. Each target installs what it needs where it can.

.PHONY: run test bench soak lint bless setup audit release

# Builds and starts the demo company on the embedded database; prints address and logins.
run:
	@scripts/require-rust
	cargo build --release -p plumb
	target/release/plumb demo --data data/demo

# Installs PostgreSQL and Chromium where it can, then runs everything on both engines and in a
# real browser.
test: setup
	scripts/test

setup:
	scripts/setup

# Figures against the budgets; never part of the tests.
bench: setup
	scripts/bench

# Hundreds of kills, power cuts and races against the real server, on both engines; prints the figures
# of docs/RELIABILITY.md. Half an hour.
soak: setup
	scripts/soak

# Clippy over everything, without a warning.
lint:
	scripts/lint

# Writes the committed matrices anew (permissions, endpoints, trace).
bless:
	PLUMB_BLESS=1 scripts/test matrices

# Licences, sources and known faults of what is built in, and the bill of materials; needs the network.
audit:
	scripts/audit

# Builds the release twice in different folders; fails unless both are the same.
release:
	scripts/release
