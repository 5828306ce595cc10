# The front door. `make help` lists what one can ask for.
.DEFAULT_GOAL := paper
.DELETE_ON_ERROR:
SHELL := /bin/bash
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
TEX_PACKAGES := latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended lmodern

# one file of each LaTeX package that paper/paper.tex and its sections load
TEX_FILES := booktabs.sty longtable.sty natbib.sty hyperref.sty microtype.sty placeins.sty caption.sty lmodern.sty xurl.sty

.PHONY: paper smoke test lint verify benchmark benchmark-peers report clean help setup tex

paper: setup tex  ## Train everything at full size and build results/paper.pdf (the default)
	$(SNAKEMAKE)
	$(MAKE) --no-print-directory report
	@echo "The paper: results/paper.pdf"

smoke: setup tex  ## The whole paper from a few seeds, in minutes: results/paper.pdf, marked as a draft
	$(SNAKEMAKE) --config preset=smoke
	@echo "The draft paper: results/paper.pdf"

test: setup tex  ## Check style, build the smoke paper, and run all tests
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory smoke
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

lint: setup  ## Check style, types, and that the text and the studies fit together; trains nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/mypy
	$(BIN)/python -m dying_relu lint
	$(BIN)/snakemake --lint

verify: setup  ## Compare a full run's numbers with the published ones in reference/, line by line
	$(SNAKEMAKE) numbers_behind_everything
	$(BIN)/python -m dying_relu verify

benchmark: setup  ## Measure how fast the engine is, and what grows with what: reference/benchmark
	$(BIN)/python -m dying_relu benchmark

benchmark-peers: setup .venv-peers/.installed  ## Measure the engine against JAX and PyTorch: reference/benchmark/peers.csv
	$(BIN)/python peers/run.py
	$(BIN)/python -m dying_relu benchmark --repetitions 0

report: setup  ## results/report.html: every figure with its caption, and how each came to be
	$(BIN)/snakemake --report results/report.html

clean:  ## Remove everything the workflow made (results, logs, benchmarks)
	rm -rf results logs benchmarks .snakemake .cache

help:  ## Show this list
	@awk -F ':.*##' '/^[a-z-]+:.*##/ {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- set-up: nothing is done twice ----

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12"; exit 1; }
	@rm -rf .venv && $(PYTHON) -m venv .venv || { rm -rf .venv; \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -q && apt-get install -yq python3-venv && $(PYTHON) -m venv .venv; \
		elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
			sudo apt-get update -q && sudo apt-get install -yq python3-venv && $(PYTHON) -m venv .venv; \
		else echo "Python's venv module is needed; install it, e.g.: apt-get install python3-venv"; exit 1; fi; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# bytecode once, on all cores, whatever PYTHONDONTWRITEBYTECODE says: else every process compiles TensorFlow again;
	@# some packages ship files that are no Python of this version, which is no fault
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib src || true
	@touch $@

# what the engine is compared with, in an environment of its own: no dependency of the paper
.venv-peers/.installed: peers/requirements.lock | .venv/.installed
	@rm -rf .venv-peers && $(BIN)/python -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r peers/requirements.lock
	@touch $@

tex:
	@{ command -v latexmk && kpsewhich $(TEX_FILES); } >/dev/null 2>&1 || \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $(TEX_PACKAGES); \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
		sudo apt-get update -q && sudo DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $(TEX_PACKAGES); \
	else \
		echo "LaTeX with latexmk is needed; install it, e.g.: apt-get install $(TEX_PACKAGES)"; exit 1; \
	fi
