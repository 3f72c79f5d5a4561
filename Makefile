# make demo: shows the policy at work. make test: everything that a change must pass. make help: all targets.
# On Debian 12, as root or with a sudo that asks no password, they install what is missing (scripts/setup); elsewhere
# they name it.

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

.PHONY: help demo test unit-tests e2e-tests cluster-tests cluster-outputs cluster-bench check fmt lint dependencies speed reproducible instructions deploy bench bench-companion clean setup-build setup-tests setup-e2e setup-lint setup-deny fuzz publish FORCE

demo: annotated-policy.wasm ## show what the policy answers to the requests in test_data/
	@$(XTASK) demo annotated-policy.wasm

test: lint dependencies unit-tests e2e-tests check speed reproducible ## run everything that a change must pass

help: ## list the targets
	@sed -n 's/^\([a-z0-9.-]*\):.* ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand --tabs=24

lint: setup-lint ## check the format, and the code with clippy
	$(call heading,Formatting)
	$(CARGO) fmt --all --check
	$(call heading,Lints)
	$(CARGO) clippy --quiet --locked --workspace --all-targets --all-features -- --deny warnings

dependencies: setup-deny ## check the versions, licences, sources and advisories of the dependencies
	$(call heading,Dependencies)
	scripts/check-dependencies

unit-tests: annotated-policy.wasm setup-tests ## run the tests of all crates
	$(call heading,Unit and property tests)
	$(CARGO) test --quiet --locked --workspace --features needs-make

e2e-tests: annotated-policy.wasm setup-e2e ## run the wasm on real requests, through kwctl or xtask
	$(call heading,The wasm through $(KWCTL))
	@$(CARGO) build --quiet --locked --bin xtask
	bats e2e.bats

check: setup-build ## compare the files that repeat each other
	$(call heading,Files that repeat each other)
	$(XTASK) check

# Counted, not timed: the same tools give the same numbers, whatever else a machine does.
INSTRUCTIONS = $(XTASK) instructions --tools $(TARGET)/wasm32-wasip1/wasm/tools policy.wasm

speed: policy.wasm ## compare the instructions that the wasm takes with the committed numbers
	$(call heading,Instructions of the wasm)
	$(INSTRUCTIONS)

reproducible: policy.wasm ## build the wasm in another folder and compare the bytes
	$(call heading,The same bytes in another folder)
	scripts/check-reproducible

instructions: policy.wasm ## accept what `make speed` complains about
	$(INSTRUCTIONS) --write

deploy: ## write the files of deploy/ that `enforcer manifest` makes from test_data/settings/deploy
	UPDATE_EXPECT=1 $(CARGO) test --quiet --locked --test deploy

bench: policy.wasm accept-all.wasm ## measure requests, beside a policy that accepts everything
	$(CARGO) run --quiet --locked --release --bin xtask -- bench policy.wasm accept-all.wasm

bench-companion: setup-build ## measure enforcer on a cluster of 50,000 pods
	$(CARGO) build --quiet --locked --release --package enforcer
	$(XTASK) companion $(TARGET)/release/enforcer $(TARGET)/bench-companion

# The whole workspace, as everywhere, so that nothing is built twice.
CLUSTER := PATH="$(abspath $(TARGET))/debug:$$PATH" $(CARGO)
CLUSTER_TESTS := test --locked --workspace --features needs-cluster --test scenarios

cluster-tests: annotated-policy.wasm ## try the policy on a real API server; docs/cluster.md says what that takes
	$(call heading,The policy on a real API server)
	@$(CARGO) build --quiet --locked --bin enforcer
	$(CLUSTER) $(CLUSTER_TESTS)

cluster-outputs: annotated-policy.wasm ## write into the scenarios and into docs/ what a real API server says now
	@$(CARGO) build --quiet --locked --bin enforcer
	UPDATE_EXPECT=1 $(CLUSTER) $(CLUSTER_TESTS)
	UPDATE_EXPECT=1 $(CARGO) test --quiet --locked --workspace --features needs-cluster --test documents

cluster-bench: annotated-policy.wasm annotated-accept-all.wasm ## measure what admission costs on a real API server
	@$(CARGO) build --quiet --locked --bin enforcer
	$(CLUSTER) run --quiet --locked --release --features needs-cluster --bin cluster-bench

fmt: setup-lint ## format the code
	$(CARGO) fmt --all

clean: ## remove what was built
	$(CARGO) clean
	rm -f policy.wasm annotated-policy.wasm accept-all.wasm

# The core has no unsafe code for AddressSanitizer to watch: without it there are ten times the executions. Each target
# is followed by its dictionary.
SECONDS ?= 60
FUZZ_TARGETS := reference:images prefix:images settings:requests request:requests
fuzz: ## fuzz each target for SECONDS=60; needs a nightly toolchain and `cargo install --locked cargo-fuzz`
	@cd fuzz && for pair in $(FUZZ_TARGETS); do \
		target=$${pair%:*}; \
		mkdir -p corpus/$$target; \
		cargo +nightly fuzz run -O --sanitizer none --fuzz-dir . $$target corpus/$$target seeds/$$target -- \
			-max_total_time=$(SECONDS) -max_len=2048 -dict=dictionaries/$${pair#*:}.dict || exit 1; \
	done

publish: annotated-policy.wasm ## push the policy to OCI_REF=registry/path:tag
	@[ -n "$(OCI_REF)" ] || { echo "say where to: make publish OCI_REF=registry/path:tag" >&2; exit 1; }
	"$(KWCTL)" push annotated-policy.wasm "$(OCI_REF)"

# Cargo knows whether there is anything to build; the file changes only with its contents.
policy.wasm: setup-build FORCE ## build the policy
	@scripts/build-wasm registry-enforcer-policy registry_enforcer $@

accept-all.wasm: setup-build FORCE ## build the policy that accepts everything
	@scripts/build-wasm accept-all accept_all $@

annotated-policy.wasm: policy.wasm metadata.yml README.md ## build the policy with its metadata, as it is published
	@$(CARGO) build --locked --bin xtask
	"$(KWCTL)" annotate --metadata-path metadata.yml --usage-path README.md --output-path $@ policy.wasm

ACCEPT_ALL_METADATA := crates/cluster-tests/bench/accept-all-metadata.yml
annotated-accept-all.wasm: accept-all.wasm $(ACCEPT_ALL_METADATA)
	@$(CARGO) build --locked --bin xtask
	"$(KWCTL)" annotate --metadata-path $(ACCEPT_ALL_METADATA) --output-path $@ accept-all.wasm

setup-build:
	@scripts/setup wasm

setup-tests:
	@scripts/setup tests

setup-e2e:
	@scripts/setup e2e

setup-lint:
	@scripts/setup lint

setup-deny:
	@scripts/setup deny
