# make train: the quick start. make test: everything that must hold. Both set up .venv first, once.
PYTHON ?= python3
BIN := .venv/bin

train: .venv/.ready
	$(BIN)/vaelab train $(ARGS)

test: .venv/.ready
	$(BIN)/ruff check src tests scripts
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(ARGS)

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

.PHONY: train test
