# SPDX-License-Identifier: Apache-2.0
# `make` lists what there is. Everything lands in .venv/ of this checkout and in Debian packages.

.DEFAULT_GOAL := help
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
T      ?=
B      ?= envelope keys proxy memory workers chaos learn migrate kms

.PHONY: help setup demo test fix lock bench clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install everything that the demo and the tests need
	@echo "ready: make demo, make test; the sidecar command is in $(BIN)"

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

lock: $(BIN)/uv ## pin the dependencies again, with hashes and without hosts
	@for extra in "" dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	    $${extra:+--extra $$extra} pyproject.toml -o requirements$${extra:+-$$extra}.lock || exit 1; \
	done

$(BIN)/uv:
	@$(MAKE) --no-print-directory setup

bench: $(STAMP) ## the benchmarks, each beside its goals; B=soak for an hour of load, B="proxy kms" for some
	@missed=; for name in $(B); do $(BIN)/python -m bench.$$name --check || missed="$$missed $$name"; echo; done; \
	  [ -z "$$missed" ] || { echo "a goal was missed in:$$missed"; exit 1; }

clean: ## remove the virtual environment, caches and what was built
	@rm -rf $(VENV) $(VENV)-uv build dist *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +
