# Portvakt: two commands matter, `make run` and `make test`; everything else is for its developers.

SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13 python3.14; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 3
FUZZ_SECONDS ?= 180
SOURCES := $(shell find gateway policies -name '*.py')

.DEFAULT_GOAL := help
.PHONY: help run test fuzz mutants wheel compiled test-compiled bench faults drill scan check format lint types arch lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## the gateway with a stub portal and a stub phone: http://localhost:8080
	@exec $(BIN)/python -m gateway demo

test: $(VENV)/.test ## install what the tests need, and pass them all
	@CI="$(CI)" PYTHON="$(BIN)/python" WORKERS="$(WORKERS)" sh tests/run.sh

fuzz: $(VENV)/.test ## coverage-guided fuzzing of grammar, settings and rules: FUZZ_SECONDS a target (180)
	@$(BIN)/python -m tests.fuzz --seconds "$(FUZZ_SECONDS)"

mutants: $(VENV)/.test ## which changed lines of policies/ and gateway/wire no test notices; an hour
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutants.lock
	@HYPOTHESIS_PROFILE=mutants $(BIN)/mutmut run
	@$(BIN)/mutmut results

compiled: .compiled/done ## the hot path as machine code, beside the sources; the bench takes it from there

wheel: .compiled/done ## the package with the hot path compiled, for machines like this one: dist/
	@mkdir -p dist && cp .compiled/*.whl dist/ && ls dist/*.whl

test-compiled: .compiled/done ## the tests of policies, grammar, front door and attacks on what is compiled
	@cd .compiled/tree && PYTHONPATH=. ../../$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -p no:cacheprovider \
		tests/policies tests/wire tests/proxy tests/security tests/system

# In a copy: compiled modules would shadow their sources.
.compiled/done: $(SOURCES) pyproject.toml requirements/compile.lock $(VENV)/.test
	@command -v cc >/dev/null || { echo "Compiling needs a C compiler: apt install gcc python3-dev"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/compile.lock
	@echo "Compiling the hot path (a minute) …"
	@rm -rf .compiled && mkdir -p .compiled/tree
	@cp -R $$(git ls-files | cut -d/ -f1 | sort -u) .compiled/tree/
	@cd .compiled/tree && HATCH_BUILD_HOOK_ENABLE_MYPYC=1 ../../$(BIN)/pip wheel --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --wheel-dir .. .
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target .compiled/lib .compiled/*.whl
	@touch $@

bench: $(VENV)/.bench $(if $(shell command -v cc),.compiled/done) ## what a request costs, next to its peers; QUICK=1 takes less of it
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

scan: $(VENV)/.test ## wapiti, sqlmap, slowhttptest and testssl.sh against the demo (docs/security.md): half an hour
	@$(BIN)/python -m tests.scan

check: $(VENV)/.test ## format, lint, types, architecture: nothing is changed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/mypy

format: $(VENV)/.test ## put every file into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

faults: $(VENV)/.test ## everything around the gateway breaks for half a minute each, under load
	@$(BIN)/python -m bench faults

drill: $(VENV)/.test ## the short form of deploy/ha/drill: the primary Redis of three is cut off under load
	@$(BIN)/python -m pytest -q -m drill tests/faults

lock: $(VENV)/.test ## choose the versions of all dependencies anew
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 pyproject.toml -o requirements/run.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --extra ldap pyproject.toml -o requirements/ldap.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --extra postgres pyproject.toml -o requirements/postgres.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --extra otel pyproject.toml -o requirements/otel.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --extra smpp pyproject.toml -o requirements/smpp.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --extra test pyproject.toml -o requirements/test.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --group bench -o requirements/bench.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --group mutants -o requirements/mutants.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
		--python-version 3.11 --group compile -c requirements/test.lock -o requirements/compile.lock

clean: ## remove what was built; var/ (users, sessions, keys) stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz .compiled dist mutants screenshots
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "Portvakt needs Python 3.11 or newer: none was found on PATH."; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1 && echo "Installing python3-venv …" \
		&& { apt-get update -qq >/dev/null 2>&1; apt-get install -y -qq python3-venv >/dev/null 2>&1; } \
		&& $(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); \
		echo "Python cannot make virtual environments here. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements/run.lock pyproject.toml | $(VENV)/bin/pip
	@echo "Installing Portvakt into $(VENV) (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements/test.lock pyproject.toml | $(VENV)/bin/pip
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@ $(VENV)/.run

$(VENV)/.bench: requirements/bench.lock $(VENV)/.run
	@echo "Installing what the bench needs into $(VENV) (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@
