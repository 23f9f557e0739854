# The environment is .venv at the root; every target makes what it needs from Python 3.11+, git and make alone.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ROOMS := schemas keys formats verification issuer verifier wallet_sim
PORT ?= 8700
T ?=

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Portadoc needs Python 3.11 or newer (make PYTHON=python3.12 ...)"; exit 4; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; fi; \
	  $(PYTHON) -m venv .venv; }

.venv/runtime.stamp: requirements/runtime.txt pyproject.toml .venv/pyvenv.cfg
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@touch $@

.venv/development.stamp: requirements/development.txt .venv/runtime.stamp | links
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

links:
	@for room in $(ROOMS); do [ -e portadoc/$$room ] || ln -s ../$$room portadoc/$$room; done

.PHONY: help links setup demo serve test check coverage fix bench docs vectors lock wheel soak fuzz

setup: .venv/development.stamp ## make the environment with everything for development

demo: .venv/runtime.stamp | links ## watch the whole path, from key to verdict
	@$(BIN)/python -m portadoc demo

serve: .venv/runtime.stamp | links ## serve all roles on http://127.0.0.1:8700/
	@$(BIN)/python -m portadoc serve --port $(PORT)

test: .venv/development.stamp ## check the code and run every test
	@$(MAKE) --no-print-directory check coverage
	@$(BIN)/python -m pytest $(T)

coverage: .venv/development.stamp ## every branch of formats/ and verification/ is tested
	@$(BIN)/coverage run --branch -m pytest --quiet --no-header tests/unit/formats tests/unit/verification tests/vectors
	@$(BIN)/coverage report --include='formats/*,verification/*' --skip-covered --fail-under=100

check: .venv/development.stamp ## format, lint, types, import contract
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: .venv/development.stamp ## mend what can be mended without thinking
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: .venv/development.stamp ## measure against the physical limit and a peer, in one run
	@$(BIN)/python -m tests.bench

soak: .venv/development.stamp ## long campaigns: kills during issuance, races over processes
	@$(BIN)/python -m pytest -m soak -s $(T) tests/soak

fuzz: .venv/development.stamp ## throw random input at every reader and route for as long as FUZZ_TIMES says
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest $(T) tests/abuse

vectors: .venv/development.stamp ## write our own vectors anew
	@$(BIN)/python -m tests.vectors.generate

docs: .venv/development.stamp ## write the generated pages of docs/
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/conformance.py

wheel: .venv/development.stamp ## build sdist and wheel into dist/
	@$(BIN)/python -m build --quiet --no-isolation

lock: ## resolve requirements/*.txt anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --output-file requirements/runtime.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev --output-file requirements/development.txt
