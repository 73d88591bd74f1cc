# Two commands need nothing but Python 3.11 and make:
#   make run    the demo market through the whole graph, to a report
#   make test   the tests
# Everything below builds on the environment in .venv, made once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-slow check bench same noise-audit golden ui clean help

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp  ## the demo market through the whole graph, to a report
	@$(BIN)/btassets demo

test: $(VENV)/test.stamp  ## the tests
	@$(BIN)/python -m pytest -m "not slow and not bench and not browser"

test-slow: $(VENV)/test.stamp  ## long Monte Carlo and whole-universe tests
	@$(BIN)/python -m pytest -m "slow"

check: $(VENV)/dev.stamp  ## style, layers, types, SQL, tests, definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright
	@$(BIN)/sqlfluff lint dbt_like_sql
	@$(MAKE) --no-print-directory test
	@$(BIN)/dagster definitions validate -w workspace.yaml

bench: $(VENV)/test.stamp  ## the speed table, each figure beside the naive form
	@$(BIN)/python -m btassets_tests.bench

same: $(VENV)/test.stamp  ## tables and cost of this checkout beside another: make same OTHER=<path with its .venv>
	@$(BIN)/python -m btassets_tests.bench.same --other "$(OTHER)"

noise-audit: $(VENV)/test.stamp  ## how often the report claims something without an edge, and finds one
	@$(BIN)/python -m btassets_tests.bench.noise_audit

ui: $(VENV)/run.stamp  ## the Dagster page of the demo book
	@$(BIN)/btassets ui --book .btassets/demo

clean:  ## the environment and the demo books
	rm -rf $(VENV) .btassets build *.egg-info

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found; btassets needs Python 3.11 or 3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once, a few minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	@touch $@

$(VENV)/dev.stamp: $(VENV)/test.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@
