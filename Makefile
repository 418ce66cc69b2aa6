# Two commands on a machine with Python >= 3.11 and make do everything: `make sweep` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Worker processes and numerical libraries share the cores: one BLAS thread per process (the engine is fastest so).
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

.PHONY: sweep test native proofs mutants attack bench lint format docs changelog paper paper-results figures clean

sweep: $(VENV)/.installed ## the main job: capacity against accuracy as gamma crosses the integers
	$(BIN)/python -m continuum.exp gamma_sweep $(ARGS)

test: $(VENV)/.installed-dev ## all tests and doctests; FAST=1: without the slow ones, within a minute
	$(BIN)/python -m pytest -n 2 --dist worksteal $(if $(FAST),--fast) $(ARGS)

native: $(VENV)/.installed-dev ## compile the gated perceptron for this machine, once; without it all works, somewhat slower
	$(BIN)/python -m continuum.nn.native

proofs: $(VENV)/.installed-dev ## the ledger: claims derived, checked against the code, attacked, and counted apart
	$(BIN)/python -m proofs_checks $(ARGS)

mutants: $(VENV)/.installed-dev ## alter each formula and see whether tests and ledger notice (goes on where it stopped)
	$(BIN)/python -m proofs_checks.mutation $(ARGS)

attack: $(VENV)/.installed-dev ## hostile input and sudden death, by the thousand; the seed is printed
	$(BIN)/python -m attacks $(ARGS)

bench: $(VENV)/.installed-dev ## speed as ratios, each measured in one run
	$(BIN)/python -m benchmarks $(ARGS)

paper: $(VENV)/.installed-dev ## paper/continuum.pdf from paper/results; QUICK=1: from the quick presets, in minutes
	$(BIN)/python -m paper.build $(if $(QUICK),--quick) $(ARGS)

paper-results: $(VENV)/.installed-dev ## every run that the paper needs (resumes), recorded in paper/results
	$(BIN)/python -m paper.build run $(ARGS)

figures: $(VENV)/.installed-dev ## draw all figures of paper/results anew, without LaTeX
	$(BIN)/python -m continuum.exp figures --from paper/results $(ARGS)
	$(BIN)/python -m paper.build generate

lint: $(VENV)/.installed-dev ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.installed-dev ## the manual, docs/_build/html/index.html; a warning is an error, and nothing comes from a network
	$(BIN)/python -m sphinx -W --keep-going -q docs docs/_build/html $(ARGS)

changelog: $(VENV)/.installed-dev ## what changes/ adds up to; VERSION=0.2.0 moves it into CHANGELOG.md
	$(BIN)/python -m towncrier build $(if $(VERSION),--yes --version $(VERSION),--draft --version Unreleased)

format: $(VENV)/.installed-dev ## rewrite the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean: ## remove the environment, caches and generated pages; runs/ stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache paper/generated paper/.latex paper/.quick docs/_build docs/_generated docs/api/*.rst docs/theory/ledger.md docs/theory/theorems.md docs/theory/theorems
