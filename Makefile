# Everything is run from this folder; `make` alone lists the targets.
# GPU=1 uses TensorFlow with its CUDA packages; .venv remembers that, and GPU= goes back.

PYTHON ?= python3
VENV := .venv
GPU ?= $(wildcard $(VENV)/.installed-requirements-gpu.lock)
LOCK := requirements$(if $(GPU),-gpu).lock
INSTALLED := $(VENV)/.installed-$(LOCK)
TOOLS := $(VENV)/.installed-requirements-dev.lock
# Installs what a lock file pins into the environment of a Python; uv, where it is there, is faster.
install = $(if $(shell command -v uv 2>/dev/null),uv pip install --python $(1)/bin/python --compile-bytecode,\
	$(1)/bin/python -m pip install --disable-pip-version-check) --quiet --require-hashes -r $(2)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run board test test-unit test-faults test-all backends test-backends check format \
	docs lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(INSTALLED) .dvc/plots.html .state/merge-setup .state/dvc-setup  ## Make .venv with what a run needs, pinned

$(INSTALLED): $(LOCK)
	@# `venv --clear` would empty the environment that a link leads to.
	@test ! -L $(VENV) || { echo "$(VENV) is a link: run make where it leads to." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version)." \
		"Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(call install,$(VENV),$(LOCK))
	touch $@

# What tests and checks need beside it.
$(TOOLS): requirements-dev.lock $(INSTALLED)
	$(call install,$(VENV),$<)
	touch $@

# The page that `dvc plots` fills, with what draws the charts inside it: no network is needed.
.dvc/plots.html: $(INSTALLED) pipeline/commands/plots_page.py pipeline/page/vega.py
	python -m pipeline plots-page

.state/merge-setup: $(INSTALLED) pipeline/commands/merging.py
	python -m pipeline merge-setup
	mkdir -p .state && touch $@

# A `dvc` in .venv that says in one sentence what is wrong in params.yaml, then calls DVC's own, and
# ends with the summary where stage `summary` had nothing to do.
.state/dvc-setup: $(INSTALLED) pipeline/commands/before_dvc.py
	python -m pipeline dvc-setup
	mkdir -p .state && touch $@

run: setup  ## Run the whole pipeline: dvc repro
	@# All pipelines: there is one, and DVC then reads dvc.lock once, not twice.
	dvc repro --all-pipelines
	@# With the models; anew only where they or the results are newer.
	@test .state/page.html -nt dvc.lock && test .state/page.html -nt models/tuned && \
		echo "All of it as a page: .state/page.html" || python -m pipeline page

board: setup  ## Show it in TensorBoard, also while it runs
	python -m pipeline board

test: test-unit  ## Run the fast tests
	python -m pytest --ignore tests/unit -m "not slow" -n 2 --dist loadfile

test-unit: setup $(TOOLS)  ## Run the tests that need no TensorFlow: seconds
	python -m pytest tests/unit -m "not slow" -n 2 --dist loadfile

test-faults: setup $(TOOLS)  ## Run every test of faults, odd input and load, slow ones too
	python -m pytest tests/faults tests/unit/data tests/unit/commands/test_odd_places.py \
		tests/pipeline/test_kills.py tests/pipeline/test_kills_of_dvc.py \
		tests/pipeline/test_interrupted_training.py tests/pipeline/test_places.py

test-all: setup $(TOOLS)  ## Run every test, slow ones too
	python -m pytest

MODEL_TESTS := $(addprefix tests/models/,architectures training search/test_trial.py)

backends: .venv-backends/.installed  ## Make .venv-backends, with Keras on JAX and on PyTorch

test-backends: backends  ## Run the tests of models on JAX and on PyTorch
	KERAS_BACKEND=jax .venv-backends/bin/python -m pytest $(MODEL_TESTS)
	KERAS_BACKEND=torch .venv-backends/bin/python -m pytest $(MODEL_TESTS)

.venv-backends/.installed: requirements-backends.lock
	$(PYTHON) -m venv --clear .venv-backends
	$(call install,.venv-backends,$<)
	touch $@

check: setup $(TOOLS)  ## Lint, check formatting and types
	ruff check .
	ruff format --check .
	mypy

format: setup $(TOOLS)  ## Mend formatting and what lint can mend itself
	ruff format .
	ruff check --fix .

docs: setup $(TOOLS)  ## Write the pages that are made from the project itself
	PYTHONPATH=. python docs/rerun_table.py
	PYTHONPATH=. python docs/results_table.py
	PYTHONPATH=. python docs/standard_results.py
	python docs/outputs.py
	python docs/tutorial_notebook.py

lock: setup  ## Pin all dependencies anew, with hashes
	uv pip compile pyproject.toml --extra cpu -o requirements.lock $(UV)
	uv pip compile pyproject.toml --extra gpu -o requirements-gpu.lock $(UV)
	uv pip compile pyproject.toml --extra backends --group dev -o requirements-backends.lock $(UV)
	uv pip compile --group dev -c requirements.lock -o requirements-dev.lock $(UV)
	uv pip compile --group report -o requirements-report.lock $(UV)
	uv pip compile --group export -c requirements.lock -o requirements-export.lock $(UV)

# No addresses: a lock file names packages, versions and hashes.
UV := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet

clean:  ## Remove .venv (data, models and results stay)
	rm -rf $(VENV) .venv-backends
