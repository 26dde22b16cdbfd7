PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup browser demo test lint bench

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: setup
	$(BIN)/headsynth demo

browser:
	# The tests of the report's page need Chromium; where it cannot be installed they are skipped, and say why.
	command -v chromium || (apt-get update && apt-get install --yes --no-install-recommends chromium) \
		|| echo "no Chromium: install it as you install programs here, or the tests of the page are skipped"

test: setup browser
	# A worker a core; a file's tests stay together, so that what they share is made once.
	$(BIN)/python -m pytest -q -n logical --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	# The allocator keeps what it is given back: page faults would drown what is measured, on both sides of a ratio.
	MALLOC_TRIM_THRESHOLD_=2000000000 MALLOC_MMAP_THRESHOLD_=2000000000 $(BIN)/python -m tests.benchmarks
