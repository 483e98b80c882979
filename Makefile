# Hinamori. `make demo` shows it, `make test` proves it; neither needs anything done by hand before.

CARGO ?= cargo
CARGO_FOLDER := $(or $(CARGO_HOME),$(HOME)/.cargo)
PRODUCTS := -p hinamori-appliance -p hinamori-server -p hinamori-kiosk -p hinamori-tv
PROGRAMS := $(PRODUCTS) -p hinamori-sim -p hinamori-demo
FUZZED_LONGER := crl_walker crl_index_opener crl_additions crl_delta
FUZZED := $(filter-out $(FUZZED_LONGER),$(notdir $(wildcard tests/fuzz/corpus/*)))
DEMO := target/debug/hinamori-demo --folder target/demo

PAGES := sync-server/web sync-server/web/desk sync-server/web/map

.PHONY: demo demo-check test sim fuzz bench deb programs pages pages-test peer-js packages-demo packages-test packages-bench packages-deb

# Everything on this machine: a town's server, two boxes, kiosks and a tray of virtual cards. With FIRST_YEAR=yes the
# town has no revocation lists yet.
demo: packages-demo programs
	tests/in-namespace.sh --shared-network $(DEMO) run $(if $(FIRST_YEAR),--first-year)

# The same, scripted, without a display; writes target/demo/summary.json.
demo-check: packages-demo programs
	env -u DISPLAY -u WAYLAND_DISPLAY tests/in-namespace.sh $(DEMO) check

test: packages-test programs pages-test
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) test --workspace --locked
	tests/units.sh target/debug
	CARGO='$(CARGO)' tests/fuzz.sh 5 $(FUZZED)
	CARGO='$(CARGO)' tests/fuzz.sh 60 $(FUZZED_LONGER)

# Towns in virtual time, each from its number: make sim SEEDS=10000, FROM=123 SEEDS=1 to see one again.
sim:
	$(CARGO) run --release --locked -p hinamori-scenario -- --seeds $(or $(SEEDS),1000) --from $(or $(FROM),0)

# make fuzz SECONDS=600 TARGETS=crl_walker; all targets without. What breaks one is kept and named.
fuzz: packages-test
	CARGO='$(CARGO)' tests/fuzz.sh $(or $(SECONDS),600) $(TARGETS)

# make bench NAME=tap; all without NAME. Figures go to target/bench/NAME.json.
# The bench itself has no network: what npm fetches is there before.
bench: packages-bench $(if $(filter-out sync,$(NAME)),,peer-js)
	$(MAKE) pages
	$(CARGO) build --release --locked $(PROGRAMS) -p hinamori-bench
	env -u DISPLAY -u WAYLAND_DISPLAY tests/in-namespace.sh target/release/hinamori-bench $(NAME)

# The JavaScript peer of the bench of sync, exactly as the lock file has it, in target/bench/js.
peer-js: packages-bench
	mkdir -p target/bench/js
	cp tests/bench/js/package.json tests/bench/js/package-lock.json tests/bench/js/clients.js target/bench/js
	cd target/bench/js && npm ci --ignore-scripts --no-audit --no-fund

# The packages of box, kiosk and server, in target/deb: without the simulator, its cards and the demo, and
# without a path of this machine in them.
deb: packages-deb pages
	RUSTFLAGS='--remap-path-prefix=$(CURDIR)/= --remap-path-prefix=$(CARGO_FOLDER)/=' \
		$(CARGO) build --release --locked $(PRODUCTS)
	rm -rf target/deb
	packaging/deb.sh target/release target/deb
	tests/packages.sh target/deb target/release

programs: pages
	$(CARGO) build --locked $(PROGRAMS)

# The pages that the server has in it: a television's, the alert desk's and the officials' map. Built anew when something of them changed.
pages: $(PAGES:%=%/dist/built)

$(PAGES:%=%/dist/built): %/dist/built: %/package-lock.json $(foreach page,$(PAGES),$(wildcard $(page)/src/* $(page)/src/*/* $(page)/worker/* $(page)/*.js $(page)/*.json))
	cd $* && npm ci --ignore-scripts --no-audit --no-fund && npm run build
	touch $@

# What the pages decide by themselves, and desk and map in a browser.
pages-test: packages-test pages
	for page in $(PAGES); do (cd $$page && npm test) || exit 1; done

packages-demo:
	packaging/install-packages.sh build run

packages-test:
	packaging/install-packages.sh build run test

packages-bench:
	packaging/install-packages.sh build run bench

packages-deb:
	packaging/install-packages.sh build package
