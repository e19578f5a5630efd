# UNS Diode. `make` lists what there is; docs/ARCHITECTURE.md says what it is made of.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
# One whole run of the tests may take this long (a clean build comes before it and is not counted).
TEST_SECONDS ?= 1000
# A regular expression over `Module.Suite/test`; nothing means everything. A filter that matches nothing fails.
FILTER ?=
# Whose tests `make check` runs: a folder below Tests, such as SenderOT/Journal; nothing lists them.
ROOM ?=
SOAK_SECONDS ?= 0
CRASHES ?= 1000
FUZZ_SECONDS ?= 60
MUTANTS ?=
AUDIT_RUNS ?= 5

# The Swift runtime is linked statically: an appliance needs Debian's libraries and nothing else.
RELEASE := -c release --static-swift-stdlib -Xswiftc -cross-module-optimization

.PHONY: help
help: ## this list
	@echo "UNS Diode: one-way replication of an MQTT namespace. Targets:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: packages ## install what is missing: Debian packages, the clients that tests use
	@if [ -x Tests/clients/setup.sh ]; then Tests/clients/setup.sh; fi

.PHONY: demo
demo: setup build ## two brokers, a lossy link and the pair, on this machine, in about a minute
	@swift build $(RELEASE) --product diode-demo
	@.build/release/diode-demo $(DEMO_ARGS)

.PHONY: test
test: setup ## build everything, lint, run every test (FILTER=… narrows it)
	@FILTER='$(FILTER)' TEST_SECONDS='$(TEST_SECONDS)' Tests/run-tests

.PHONY: check
check: toolchain ## an edit in one room: build without optimisation, run the room's tests (ROOM=SenderOT/Journal; none lists them)
	@ROOM='$(ROOM)' Tests/check-room

.PHONY: build
build: toolchain ## diode-send and diode-recv, optimised, with the Swift runtime linked in
	@swift build $(RELEASE) --product diode-send
	@swift build $(RELEASE) --product diode-recv
	@echo "built: .build/release/diode-send and .build/release/diode-recv"

.PHONY: install
install: ## put what `make build` made below PREFIX (default /usr/local), with units and documentation
	@for name in diode-send diode-recv; do \
	    if [ ! -x ".build/release/$$name" ]; then echo "make install: run 'make build' first" >&2; exit 1; fi; \
	    install -D -m 755 -t '$(DESTDIR)$(PREFIX)/bin' ".build/release/$$name"; \
	done
	@install -D -m 644 -t '$(DESTDIR)$(PREFIX)/lib/systemd/system' deploy/systemd/*.service
	@sed -i 's|/usr/local/bin|$(PREFIX)/bin|' '$(DESTDIR)$(PREFIX)/lib/systemd/system'/diode-{send,recv}.service
	@install -D -m 644 -t '$(DESTDIR)$(PREFIX)/lib/sysusers.d' deploy/systemd/uns-diode.conf
	@install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/doc/uns-diode' README.md LICENSE CHANGELOG.md docs/OPERATIONS.md deploy/examples/*.json5
	@echo "installed below $(DESTDIR)$(PREFIX); docs/OPERATIONS.md says what comes next"

.PHONY: bench
bench: setup build ## measure: coding, signing, the pair, beside yardsticks (BENCH_ARGS="frames" narrows)
	@swift build $(RELEASE) --product diode-bench
	@.build/release/diode-bench $(BENCH_ARGS)

.PHONY: bench-audit
bench-audit: setup build ## measure: audit time without and with --verify, ledger and bundle size against gaps (AUDIT_RUNS=5)
	@DIODE_PRODUCTS="$$PWD/.build/release" AUDIT_RUNS='$(AUDIT_RUNS)' FILTER='^ReceiverITTests\.AuditSpeedTests/' Tests/run-tests
	@echo "on: $$(grep -m 1 'model name' /proc/cpuinfo | cut -d : -f 2-), $$(nproc) processors; load $$(cut -d ' ' -f 1 /proc/loadavg)"
	@grep 'audit of' .build/test.log
	@! grep 'audit of' .build/test.log | grep -qE '[:,] (table|json|csv|html) [0-9]{4,} ms' || { echo "make bench-audit: FAILED: a form took a second or more" >&2; exit 1; }

.PHONY: fuzz
fuzz: setup ## feed hostile bytes to every decoder, FUZZ_SECONDS (60) each
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' Fuzz/run.sh

.PHONY: soak
soak: setup ## a storm of CRASHES (1000) over the real pair, then the simulated one until stopped (SOAK_SECONDS=… for a limit)
	@SOAK_SECONDS='$(SOAK_SECONDS)' CRASHES='$(CRASHES)' Tests/run-soak

.PHONY: mutants
mutants: setup ## show that the simulator catches each seeded mutant of the accounting (MUTANTS=… narrows it by name), in about a quarter of an hour
	@MUTANTS='$(MUTANTS)' Tests/run-mutants

.PHONY: format
format: toolchain ## lay out every Swift file as .swift-format says
	@$(SWIFT_FILES) | xargs -0 swift format format --in-place --parallel

.PHONY: lint
lint: toolchain ## the same, but only complain
	@$(SWIFT_FILES) | xargs -0 swift format lint --strict --parallel

.PHONY: clean
clean: ## remove what was built
	@rm -rf .build Fuzz/.build

# Steps of the targets above.

SWIFT_FILES = find . \( -name .build -o -name .venv -o -name .git \) -prune -o -name '*.swift' -print0

.PHONY: packages
packages: toolchain
	@deploy/install-packages build test

.PHONY: toolchain
toolchain:
	@version="$$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')" || true; \
	case "$$version" in \
	6.[3-9]|6.[1-9][0-9]|[7-9].*|[1-9][0-9].*) ;; \
	"") echo "No Swift toolchain in PATH. This project needs Swift 6.3: https://www.swift.org/install/linux/" >&2; exit 1 ;; \
	*) echo "Swift $$version found, but this project needs Swift 6.3 or newer: https://www.swift.org/install/linux/" >&2; exit 1 ;; \
	esac
