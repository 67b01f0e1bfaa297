# Two commands on a fresh machine: make demo, make test.
PYTHON ?= python3
# What this machine is: agency, gate, hub, synthetic (a hub that releases synthetic records), dev, or
# spark (dev, and the second engine that the models are held to).
# It stays what it was installed as, and is dev at first.
ROLE ?= $(or $(patsubst .venv/installed-%,%,$(firstword $(wildcard .venv/installed-*))),dev)
EXTRAS_gate := gate
EXTRAS_hub := hub
EXTRAS_synthetic := hub synthetic
EXTRAS_dev := hub gate synthetic dev
EXTRAS_spark := $(EXTRAS_dev) spark
# Rooms whose tests are quick and need no process of their own, and the rules of the house and of the door.
QUICK := $(addprefix tests/unit/,durable failures jurisdiction linkage expectations portal) \
  $(addprefix tests/unit/privacy/test_privacy_,door.py exact.py caps.py plan.py approval.py policy.py) \
  tests/house/test_house_rules.py tests/house/test_locks.py
# The state that is served: a folder here, or the path of one.
STATE ?= missouri
export MOSHARE_STATE = $(STATE)
COUNTED := tests/unit tests/properties
BIN := .venv/bin
SHARED_OUT := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
STAMP := .venv/installed-$(ROLE)
MANIFEST := dbt_project/target/manifest.json
DBT_SOURCES := $(shell find dbt_project missouri/lists kansas/lists -type f \( -name '*.sql' -o -name '*.yml' -o -name '*.csv' \) -not -path '*/target/*' -not -path '*/logs/*')

.PHONY: help install demo quick test check dev lock clean
.DEFAULT_GOAL := help

help: ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

install: $(STAMP) $(if $(findstring hub,$(EXTRAS_$(ROLE))),$(MANIFEST)) ## Install what the ROLE of this machine needs, pinned by hash, into .venv

$(STAMP): requirements/$(ROLE).txt requirements/bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'MoShare needs Python 3.11 or newer: set PYTHON=/path/to/python3.11 and try again.'; exit 2; }
	@echo 'Installing into .venv (about a minute, more on a slow network) …'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/$(ROLE).txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@[ -n '$(filter dev,$(EXTRAS_$(ROLE)))' ] || $(BIN)/uv pip uninstall --quiet --python $(BIN)/python pip setuptools uv
	@touch $(STAMP)

PARSE := parse --no-partial-parse --profiles-dir . --target-path target --log-path logs

# Parsed twice: once for what it says of its tables, then for the rules of them, which the policy's frames give.
$(MANIFEST): $(STAMP) $(DBT_SOURCES) privacy/policy.toml
	@echo 'Preparing the dbt project …'
	@cd dbt_project && ../$(BIN)/dbt --quiet $(PARSE)
	@cd dbt_project && ../$(BIN)/dbt --quiet $(PARSE) --vars "$$(../$(BIN)/python -m orchestration.guards.counted_tables)"
	@touch $(MANIFEST)

demo: install ## Four quarters from simulated deliveries to signed releases
	@$(BIN)/moshare demo

quick: install ## The unit tests that say most in the least time, for while you work
	@$(SHARED_OUT) --quiet --numprocesses 2 $(QUICK)

# Lines are counted where floors are held: in the tests of rules and of the guarantee, which reach them alone.
test: install ## Run every test, and hold coverage to its floors
	@$(SHARED_OUT) $(COUNTED) --cov --cov-report=
	@$(BIN)/coverage report --skip-covered --fail-under 90
	@$(BIN)/coverage report --skip-covered --fail-under 100 --include 'privacy/*'
	@$(SHARED_OUT) $(COUNTED:%=--ignore %)

check: install ## Linters, types, import contracts, SQL style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd dbt_project && DBT_TARGET_PATH=target/lint ../$(BIN)/sqlfluff lint models tests

dev: install ## Open the Dagster UI on the same data
	@$(BIN)/moshare dev

PIN = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

lock: $(STAMP) ## Choose versions anew, pin them by hash for each role, and list what each role holds
	@$(PIN) --upgrade pyproject.toml $(EXTRAS_spark:%=--extra %) --output-file requirements/spark.txt
	@$(foreach role,agency gate hub synthetic dev,$(PIN) pyproject.toml $(EXTRAS_$(role):%=--extra %) --constraint requirements/spark.txt --output-file requirements/$(role).txt &&) true
	@$(foreach name,bootstrap sbom,$(PIN) --upgrade requirements/$(name).in --output-file requirements/$(name).txt &&) true
	@$(BIN)/python requirements/sbom.py

clean: ## Remove what was installed and built; data stays
	@rm -rf .venv dbt_project/target dbt_project/logs *.egg-info
