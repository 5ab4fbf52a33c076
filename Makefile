# Everything happens in .venv, which the first call makes; nothing is installed again until pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BOARD ?= examples/storyboards/lighthouse/board.yaml
TESTS ?= tests

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-all check format ci clean

help:
	@echo "make demo       a film from examples/storyboards/lighthouse, drawn on this machine"
	@echo "make test       the everyday tests"
	@echo "make test-all   the slow ones too: whole films, the wheel in an empty environment"
	@echo "make check      lint, format and types"
	@echo "make ci         what CI runs"
	@echo "make clean      remove what all of these made"

demo: $(VENV)/.core
	@$(BIN)/skyflow run $(BOARD)

test: $(VENV)/.test
	@$(BIN)/python -m pytest -q -n auto -m "not slow" $(TESTS)

test-slow: $(VENV)/.test
	@$(BIN)/python -m pytest -q -n auto --dist loadgroup -m slow $(TESTS)

test-all: test test-slow

check: $(VENV)/.lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

format: $(VENV)/.lint
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

ci:
	@.ci/run

clean:
	@rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@rm -rf examples/storyboards/*/.skyflow examples/storyboards/*/out
	@find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp for each set of packages: the core for a film, more for tests, more for lint.

$(VENV)/.core: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow into $(VENV) (once)"
	@$(PIP) install -qq --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow and what its tests need into $(VENV) (once)"
	@$(PIP) install -qq --editable '.[test]'
	@touch $@ $(VENV)/.core

$(VENV)/.lint: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow and what checks it into $(VENV) (once)"
	@$(PIP) install -qq --editable '.[test,lint]'
	@touch $@ $(VENV)/.test $(VENV)/.core

$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "skyflow needs Python 3.11 or newer, and '$(PYTHON)' is not on this machine's path." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "skyflow needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
	    echo "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "On Debian and Ubuntu, venv is a package of its own: apt install python3-venv" >&2; exit 1; }
	@touch $@
