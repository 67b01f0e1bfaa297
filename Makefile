# Two commands on a fresh machine: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
MANIFEST := dbt_project/target/manifest.json
DBT_SOURCES := $(shell find dbt_project missouri/lists -type f \( -name '*.sql' -o -name '*.yml' -o -name '*.csv' \) -not -path '*/target/*' -not -path '*/logs/*')

.PHONY: help install demo test check dev lock bench clean
.DEFAULT_GOAL := help

help: ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

install: $(STAMP) $(MANIFEST) ## Install everything, pinned by hash, into .venv

$(STAMP): requirements/lock.txt requirements/bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'MoShare needs Python 3.11 or newer: set PYTHON=/path/to/python3.11 and try again.'; exit 2; }
	@echo 'Installing into .venv (about a minute, more on a slow network) …'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/lock.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

$(MANIFEST): $(STAMP) $(DBT_SOURCES)
	@echo 'Preparing the dbt project …'
	@cd dbt_project && ../$(BIN)/dbt --quiet parse --no-partial-parse --profiles-dir . --target-path target --log-path logs
	@touch $(MANIFEST)

demo: install ## Four quarters from simulated deliveries to signed releases
	@$(BIN)/moshare demo

test: install ## Run every test, and hold coverage to its floors
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --cov --cov-report=
	@$(BIN)/coverage report --skip-covered --fail-under 90
	@$(BIN)/coverage report --skip-covered --fail-under 100 --include 'privacy/*'

check: install ## Linters, types, import contracts, SQL style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd dbt_project && ../$(BIN)/sqlfluff lint models tests

dev: install ## Open the Dagster UI on the same data
	@$(BIN)/moshare dev

lock: $(STAMP) ## Choose versions anew and pin them by hash
	@for name in lock bootstrap; do \
	  case $$name in lock) from='pyproject.toml --extra hub --extra gate --extra synthetic --extra dev';; *) from=requirements/bootstrap.in;; esac; \
	  $(BIN)/uv pip compile $$from --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --output-file requirements/$$name.txt; done

clean: ## Remove what was installed and built; data stays
	@rm -rf .venv dbt_project/target dbt_project/logs *.egg-info
