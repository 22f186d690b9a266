# make verify: set everything up and run the main job.  make test: set everything up and run the whole test suite,
# the rules' own tests with every shape annotation checked at run time.  make lint: ruff, the format and mypy, as CI does.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup verify test lint browser clean
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

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# a chromium for tests/reports/browser, where it is missing and may be installed; without one those tests skip and say so
browser:
	@.ci/browser

clean:
	rm -rf .venv backcheck-out .pytest_cache .hypothesis
