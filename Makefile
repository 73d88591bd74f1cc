# Two commands need nothing but Python 3.11 and make:
#   make run    the demo market through the whole graph, to a report
#   make test   the tests
# Everything below builds on the environment in .venv, made once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Test files run side by side, one process per core; each process makes its own book and holds Dagster, so four do.
WORKERS ?= logical
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-quick test-long test-slow test-cluster lint docs check bench ladder torture same noise-audit ui \
	clean help

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp  ## the demo market through the whole graph, to a report
	@$(BIN)/btassets demo

test: $(VENV)/test.stamp  ## the tests
	@$(PYTEST) -m "not long and not slow and not bench and not browser and not cluster"

test-quick: $(VENV)/test.stamp  ## the tests that need no run: engine, settings, sources, tables
	@$(PYTEST) -m "not long and not slow and not bench and not browser and not postgres" \
		btassets_tests/engine btassets_tests/settings btassets_tests/sources btassets_tests/storage btassets

test-long: $(VENV)/test.stamp  ## tests of whole commands and runs: cases, kills, damage, torture reduced, worked changes
	@$(PYTEST) -m "long and not slow and not cluster"

test-slow: $(VENV)/test.stamp  ## long Monte Carlo and whole-universe tests
	@$(PYTEST) -m "slow"

test-cluster: $(VENV)/dev.stamp  ## runs on two hosts with faults: RabbitMQ, PostgreSQL, network namespaces; needs root
	@$(BIN)/python -m pytest -s -m cluster btassets_tests/instance/cluster

lint: $(VENV)/dev.stamp  ## style, layers, types, SQL, definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright
	@$(BIN)/sqlfluff lint dbt_like_sql
	@$(BIN)/dagster definitions validate -w workspace.yaml

docs: $(VENV)/dev.stamp  ## the documentation as a site in build/site, links checked, without network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs --quiet build

check: lint docs test test-long  ## all that a change has to pass

bench: $(VENV)/test.stamp  ## the speed table, each figure beside the naive form
	@$(BIN)/python -m btassets_tests.bench

ladder: $(VENV)/test.stamp  ## what each stage costs as a market grows, and what a larger one would take
	@$(BIN)/python -m btassets_tests.bench.ladder

same: $(VENV)/test.stamp  ## tables and cost of this checkout beside another: make same OTHER=<path with its .venv>
	@$(BIN)/python -m btassets_tests.bench.same --other "$(OTHER)"

torture: $(VENV)/test.stamp  ## faults, damage and bad input on purpose, with a table of what became of each
	@$(BIN)/python -m btassets_tests.torture --full

noise-audit: $(VENV)/test.stamp  ## how often the report claims something without an edge, and finds one
	@$(BIN)/python -m btassets_tests.bench.noise_audit

ui: $(VENV)/run.stamp  ## the Dagster page of the demo book
	@$(BIN)/btassets ui --book .btassets/demo

clean:  ## the environment and the demo books
	rm -rf $(VENV) .btassets build *.egg-info

# LOCKED=1 installs the releases of requirements.lock alone, each checked against its hash.
ifdef LOCKED
INSTALL_LOCKED = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
else
INSTALL_LOCKED = true
endif

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found; btassets needs Python 3.11 to 3.14"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once, a few minutes)"
	@$(INSTALL_LOCKED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	@touch $@

$(VENV)/dev.stamp: $(VENV)/test.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@
