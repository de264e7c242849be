# make train: the quick start. make test: everything that must hold. make docs: the site of docs/, into build/site.
# make figures: the runs and figures of docs/gallery, again. make soak: the program killed 200 times, into
# docs/reliability.md. All set up .venv first, once.
PYTHON ?= python3
BIN := .venv/bin

train: .venv/.ready
	$(BIN)/vaelab train $(ARGS)

test: .venv/.ready
	$(BIN)/ruff check src tests scripts
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(ARGS)

docs: .venv/.ready
	@$(BIN)/python -c 'import material' 2>/dev/null || $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python scripts/check_links.py build/site

figures: .venv/.ready
	$(BIN)/python scripts/figures.py $(ARGS)

soak: .venv/.ready
	$(BIN)/python scripts/soak.py --write docs/reliability.md $(ARGS)

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

.PHONY: train test docs figures soak
