# Everything happens in .venv, which the first call makes; nothing is installed again until pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SDK := tests/sdk
BOARD ?= examples/storyboards/lighthouse/board.yaml
TESTS ?= tests
FUZZ ?= 30

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# As pip does with what it copies; an editable install is compiled at each start where Python may write no bytecode.
COMPILE := $(BIN)/python -m compileall -q skyflow

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-all fuzz sdk test-sdk check format ci clean bench bench-quick bench-check

help:
	@echo "make demo       a film from examples/storyboards/lighthouse, drawn on this machine"
	@echo "make test       the everyday tests"
	@echo "make test-all   the slow ones too: whole films, the wheel in an empty environment"
	@echo "                (with SKYFLOW_EVERY=1 every kill, every write and 5,000 seeds, not a choice of them: an hour)"
	@echo "make fuzz       half a minute of any bytes as a board, and as much as a template"
	@echo "make test-sdk   the sandbox before the provider's own SDKs, which it installs"
	@echo "make check      lint, format and types"
	@echo "make ci         what CI runs"
	@echo "make bench      how fast it is, beside its peers (an hour; bench-quick: minutes)"
	@echo "make clean      remove what all of these made"

demo: $(VENV)/.core
	@$(BIN)/skyflow run $(BOARD)

test: $(VENV)/.test
	@$(BIN)/python -m pytest -q -n auto -m "not slow" $(TESTS)

test-slow: $(VENV)/.test
	@$(BIN)/python -m pytest -q -n auto --dist loadgroup -m slow $(TESTS)

test-all: test test-slow

# What is found is left in .fuzz as crash-*; it belongs into tests/fuzz/corpus, together with its mending.
# Where there is no fuzzer for this Python or machine, the corpus alone is run: tests/test_fuzz.py.
fuzz: $(VENV)/.fuzz
	@mkdir -p .fuzz
	@if $(BIN)/python -c 'import atheris' 2>/dev/null; then \
	  for target in board template; do \
	    (cd .fuzz && PYTHONPATH=.. ../$(BIN)/python -m tests.fuzz $$target -seed=1 -max_total_time=$(FUZZ)) || exit 1; \
	  done; \
	else \
	  echo "skipped: there is no fuzzer for this Python or machine (atheris); the corpus is a test of its own" >&2; \
	fi

sdk: $(SDK)/.venv-new/.made $(SDK)/.venv-legacy/.made $(SDK)/node_modules/.made

test-sdk: sdk $(VENV)/.test
	@$(BIN)/python -m pytest -q -n auto tests/test_sdk.py

check: $(VENV)/.lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

format: $(VENV)/.lint
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

ci:
	@.ci/run

# Peers are installed into environments of their own in .bench, once. bench rewrites the committed figures and the page;
# bench-check says what the last bench, quick or not, found moved beside the figures that are committed.
bench: $(VENV)/.test
	@$(BIN)/python -m benchmarks --commit

bench-quick: $(VENV)/.test
	@$(BIN)/python -m benchmarks --quick

bench-check: $(VENV)/.test
	@$(BIN)/python -m benchmarks.compare

clean:
	@rm -rf $(VENV) .bench dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz
	@rm -rf $(SDK)/.venv-* $(SDK)/node_modules
	@rm -rf examples/storyboards/*/.skyflow examples/storyboards/*/out
	@find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp for each set of packages: the core for a film, more for tests, more for lint.

$(VENV)/.core: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow into $(VENV) (once)"
	@$(PIP) install -qq --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow and what its tests need into $(VENV) (once)"
	@$(PIP) install -qq --editable '.[test]'
	@$(COMPILE)
	@touch $@ $(VENV)/.core

$(VENV)/.fuzz: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow and its fuzzer into $(VENV) (once)"
	@$(PIP) install -qq --editable '.[test]'
	@$(PIP) install -qq --only-binary atheris --editable '.[test,fuzz]' || echo "the fuzzer cannot be installed here" >&2
	@touch $@ $(VENV)/.test $(VENV)/.core

$(VENV)/.lint: pyproject.toml | $(VENV)/.made
	@echo "Installing skyflow and what checks it into $(VENV) (once)"
	@$(PIP) install -qq --editable '.[test,lint]'
	@touch $@ $(VENV)/.test $(VENV)/.core

# The provider's SDKs, which pin what ours may not: each stays in an environment of its own.

$(SDK)/.venv-%/.made: $(SDK)/requirements-%.txt | $(VENV)/.made
	@echo "Installing the provider's Python SDK into $(@D) (once)"
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --no-input install -qq --requirement $<
	@touch $@

$(SDK)/node_modules/.made: $(SDK)/package-lock.json
	@echo "Installing the provider's JavaScript SDK into $(@D) (once)"
	@npm ci --prefix $(SDK) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "skyflow needs Python 3.11 or newer, and '$(PYTHON)' is not on this machine's path." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "skyflow needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
	    echo "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "On Debian and Ubuntu, venv is a package of its own: apt install python3-venv" >&2; exit 1; }
	@touch $@
