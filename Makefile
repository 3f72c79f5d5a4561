# make demo: shows the policy at work. make test: everything that a change must pass.
# Both install what is missing: see scripts/setup.

SHELL := /bin/bash
.NOTPARALLEL:

CARGO := scripts/cargo
XTASK := $(CARGO) xtask
# What annotates and runs policies: kwctl where it is installed. KWCTL=none does without it.
TARGET := $(or $(CARGO_TARGET_DIR),./target)
STAND_IN := $(TARGET)/debug/xtask
ifeq ($(KWCTL),none)
override KWCTL := $(STAND_IN)
else
KWCTL ?= $(or $(shell command -v kwctl),$(STAND_IN))
endif
export KWCTL STAND_IN

heading = @printf '\n== %s ==\n' '$(1)'

.PHONY: demo test unit-tests e2e-tests check fmt lint dependencies speed reproducible instructions bench clean setup-build setup-demo setup-tests setup-e2e setup-lint setup-deny fuzz publish FORCE

demo: annotated-policy.wasm setup-demo
	@$(XTASK) demo annotated-policy.wasm

test: lint dependencies unit-tests e2e-tests check speed reproducible

lint: setup-lint
	$(call heading,Formatting)
	$(CARGO) fmt --all --check
	$(call heading,Lints)
	$(CARGO) clippy --quiet --workspace --all-targets --all-features -- --deny warnings

dependencies: setup-deny
	$(call heading,Dependencies)
	scripts/check-dependencies

unit-tests: annotated-policy.wasm setup-tests
	$(call heading,Unit and property tests)
	$(CARGO) test --quiet --workspace --features needs-make

e2e-tests: annotated-policy.wasm setup-e2e
	$(call heading,The wasm through $(KWCTL))
	@$(CARGO) build --bin xtask
	bats e2e.bats

check: setup-build
	$(call heading,Files that repeat each other)
	$(XTASK) check

# Counted, not timed: the same tools give the same numbers, whatever else a machine does.
INSTRUCTIONS = $(XTASK) instructions --tools $(TARGET)/wasm32-wasip1/wasm/tools policy.wasm

speed: policy.wasm
	$(call heading,Instructions of the wasm)
	$(INSTRUCTIONS)

reproducible: policy.wasm
	$(call heading,The same bytes in another folder)
	scripts/check-reproducible

# make instructions: accepts what `make speed` complains about.
instructions: policy.wasm
	$(INSTRUCTIONS) --write

# make bench: what a request costs, beside a policy that accepts everything.
bench: policy.wasm accept-all.wasm
	$(CARGO) run --quiet --release --bin xtask -- bench policy.wasm accept-all.wasm

fmt: setup-lint
	$(CARGO) fmt --all

clean:
	$(CARGO) clean
	rm -f policy.wasm annotated-policy.wasm accept-all.wasm

# make fuzz SECONDS=60: each target for so long; needs a nightly toolchain and `cargo install cargo-fuzz`.
# The core has no unsafe code for AddressSanitizer to watch: without it there are ten times the executions.
SECONDS ?= 60
FUZZ_TARGETS := reference prefix settings request
fuzz:
	@cd fuzz && for target in $(FUZZ_TARGETS); do \
		mkdir -p corpus/$$target seeds/$$target; \
		cargo +nightly fuzz run -O --sanitizer none --fuzz-dir . $$target corpus/$$target seeds/$$target -- \
			-max_total_time=$(SECONDS) -max_len=2048 -dict=dictionaries/$$target.dict || exit 1; \
	done

# make publish OCI_REF=registry/path:tag
publish: annotated-policy.wasm
	@[ -n "$(OCI_REF)" ] || { echo "say where to: make publish OCI_REF=registry/path:tag" >&2; exit 1; }
	"$(KWCTL)" push annotated-policy.wasm "$(OCI_REF)"

# Cargo knows whether there is anything to build; the file changes only with its contents.
policy.wasm: setup-build FORCE
	@scripts/build-wasm registry-enforcer-policy registry_enforcer $@

accept-all.wasm: setup-build FORCE
	@scripts/build-wasm accept-all accept_all $@

annotated-policy.wasm: policy.wasm metadata.yml README.md
	@$(CARGO) build --bin xtask
	"$(KWCTL)" annotate --metadata-path metadata.yml --usage-path README.md --output-path $@ policy.wasm

setup-build:
	@scripts/setup wasm

setup-demo:
	@scripts/setup demo

setup-tests:
	@scripts/setup tests

setup-e2e:
	@scripts/setup e2e

setup-lint:
	@scripts/setup lint

setup-deny:
	@scripts/setup deny
