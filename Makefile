# SPDX-License-Identifier: Apache-2.0
# `make` lists what there is. Everything lands in .venv/ of this checkout and in Debian packages.

.DEFAULT_GOAL := help
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
T      ?=

.PHONY: help setup demo test fix lock bench clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install everything that the demo and the tests need

$(STAMP): pyproject.toml requirements-dev.lock .ci/setup
	@SUDO="$(SUDO)" VENV="$(VENV)" sh .ci/setup
	@touch $@

demo: $(STAMP) ## the main job on real parts, printed side by side (under a minute)
	@$(BIN)/python -m tests.demo

test: $(STAMP) ## format, lint, types, floors, and the whole suite; T=path for a part of it
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest $(T)

fix: $(STAMP) ## format and repair what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: ## pin the dependencies again, with hashes and without hosts
	@for extra in "" dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	    $${extra:+--extra $$extra} pyproject.toml -o requirements$${extra:+-$$extra}.lock || exit 1; \
	done

bench: $(STAMP) ## the benchmarks, each beside its goals
	@for name in envelope keys proxy memory; do $(BIN)/python -m bench.$$name --check || exit 1; done

clean: ## remove the virtual environment and all caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
