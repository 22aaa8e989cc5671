# SPDX-License-Identifier: Apache-2.0
# Thin: every target is one script or one CMake preset. `make help` lists them.
CMAKE ?= cmake
JOBS ?= $(shell nproc)
SETUP := vendor/setup.sh
preset = $(CMAKE) --preset $(1) >/dev/null && $(CMAKE) --build --preset $(1) --parallel $(JOBS) -- --quiet

.PHONY: help setup setup-test build run test bench asan tsan gcstress fmt lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what building and running need
	@$(SETUP) run

setup-test: ## install that and what the tests need
	@$(SETUP) test

build: ## build/lsqm, without installing anything
	@echo "==> building build/lsqm"
	@$(call preset,release)

run: setup ## set up, build, and run the weekly flow into ./workspace
	@$(MAKE) --no-print-directory build
	@echo "==> build/lsqm run"
	@build/lsqm run

test: setup-test ## set up, build, and run every test
	@tests/run.sh

bench: build ## run the measurements of tests/bench/
	@tests/bench.sh

asan: ## build with ASan and UBSan into build-asan/ and test it
	@tests/run.sh asan

tsan: ## build with TSan into build-tsan/ and run the C tests
	@tests/run.sh tsan

gcstress: ## build with a full collection at every step and run the Lua tests
	@tests/run.sh gcstress

fmt: ## format the C code in place
	@tests/lint/format.sh

lint: ## luacheck, sizes, layers, shell syntax
	@tests/run.sh lint

clean: ## remove build folders; the cache and ./workspace stay
	@echo "==> removing build folders"
	@rm -rf build build-debug build-asan build-tsan build-gcstress
