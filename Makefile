# `make help` explains the targets. The environment lives in .venv and is built by envs/build.
#
# make's own exit code is 2 whenever something failed; the program's code stands in its last line
# ("Error 1").

# The interpreter for the environment; empty means that envs/build looks for one.
PYTHON ?=
# More words for the command: make ARGS="--scale smoke"
ARGS ?=
# More words for pytest: make test PYTEST_ARGS="-k streams -x"
PYTEST_ARGS ?=
# Test processes side by side; 0 runs all in one process, as a debugger wants it.
WORKERS ?= 2

# Asked from the environment, so that a value with spaces or quotes stays whole.
export PYTHON
# As modules of clusters set them, these would put other libraries before those of .venv.
unexport PYTHONHOME
export PYTHONPATH := $(CURDIR)/src

bin := .venv/bin
env := @envs/build &&

.DEFAULT_GOAL := run
.PHONY: run env test check docs clean-env help

run: ## build what is missing, run the studies, write the report (this is plain `make`)
	$(env) exec $(bin)/escaping-minima run $(ARGS)

env: ## only build the environment
	$(env) echo "The environment is ready: .venv"

test: ## run all tests
	$(env) exec $(bin)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

check: ## run the linters, the formatters' checks and the type checker
	$(env) code=0; \
	for check in \
	    "ruff check ." \
	    "ruff format --check ." \
	    "mypy" \
	    "snakefmt --check Snakefile workflow" \
	    "snakemake --lint"; \
	do \
	    echo "== $$check"; \
	    $(bin)/$$check || code=1; \
	done; \
	exit $$code

docs: ## build the documentation
	$(env) exec $(bin)/escaping-minima docs

clean-env: ## remove the environment
	@envs/build --clean

help: ## explain the targets
	@echo "make [TARGET] [NAME=VALUE ...]"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
	    printf '  %-10s %s\n' "$$name" "$$text"; done
	@echo
	@echo "  PYTHON=...       the Python (3.11, 3.12 or 3.13) to build the environment with"
	@echo "  ARGS=...         more words for escaping-minima run; ARGS=--help lists them"
	@echo "  PYTEST_ARGS=...  more words for pytest"
	@echo "  WORKERS=2        test processes side by side; 0 for none"
	@echo
	@echo "pip's own settings (PIP_INDEX_URL, PIP_FIND_LINKS, a proxy) apply. With a CPU build of PyTorch in"
	@echo "reach of PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL, pip takes that instead of the CUDA build."
