# Hinamori. `make demo` shows it, `make test` proves it; neither needs anything done by hand before.

CARGO ?= cargo
PROGRAMS := -p hinamori-appliance -p hinamori-server -p hinamori-kiosk -p hinamori-sim -p hinamori-demo
DEMO := target/debug/hinamori-demo --folder target/demo

.PHONY: demo demo-check test deb programs packages-demo packages-test packages-deb

# Everything on this machine: a town's server, two boxes, kiosks and a tray of virtual cards.
demo: packages-demo programs
	tests/in-namespace.sh --shared-network $(DEMO) run

# The same, scripted, without a display; writes target/demo/summary.json.
demo-check: packages-demo programs
	env -u DISPLAY -u WAYLAND_DISPLAY tests/in-namespace.sh $(DEMO) check

test: packages-test programs
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) test --workspace --locked
	tests/units.sh target/debug

programs:
	$(CARGO) build --locked $(PROGRAMS)

packages-demo:
	packaging/install-packages.sh build run

packages-test:
	packaging/install-packages.sh build run test
