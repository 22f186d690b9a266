# make verify: set everything up and run the main job.  make test: set everything up and run the whole test suite,
# the rules' own tests with every shape annotation checked at run time.  make lint: ruff, the format and mypy, as CI does.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup verify test power lint lowest smoke browser clean
setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[test]"
	touch $@

verify: setup
	$(BIN)/backcheck verify --train --networks 500 --out backcheck-out

test: setup
	$(BIN)/python -m pytest -n auto --ignore=tests/scratch_bp/rules
	$(BIN)/python -m pytest -n auto tests/scratch_bp/rules --jaxtyping-packages=scratch_bp.rules,beartype.beartype

# one fault of each kind, planted in a right rule, must be found: a minute
power: setup
	$(BIN)/backcheck power --quick --out backcheck-power

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# the whole suite with the oldest versions that pyproject.toml allows, on Python 3.11 where that is $(PYTHON)
lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -q -c constraints-lowest.txt -e ".[test]"
	.venv-lowest/bin/python -m pytest -n auto

# a quick look at another version of Python: make smoke PYTHON=python3.13 (or the path of wherever that interpreter is)
smoke:
	.ci/smoke $(PYTHON)

# a chromium for tests/reports/browser, where it is missing and may be installed; without one those tests skip and say so
browser:
	@.ci/browser

clean:
	rm -rf .venv .venv-lowest .venv-smoke backcheck-out backcheck-power .pytest_cache .hypothesis
