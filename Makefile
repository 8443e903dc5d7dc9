# Needs Python 3.11 or newer, make and a shell; everything else goes into $(VENV).

VENV ?= .venv
PORT ?= 5000
# Extra words for every pip install, such as a constraints file.
PIP_FLAGS ?=
# Extra words for pytest: make test ARGS='-k session -x'
ARGS ?=
# Tests marked so need a browser, other packages, a build or a type checker: they have targets of their own.
APART = browser or deploy or extensions or hostile or packaging or reliability or storefront or typing

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS)
FLASK = $(abspath $(BIN))/flask --app notice_board
SHOP = $(abspath $(VENV)-storefront)/bin/flask --app storefront
# A test that hangs fails, and the rest goes on.
PYTEST = $(BIN)/python -m pytest --timeout 120
# Among them are tests of several commands or browsers, which take their time on a busy machine.
PYTEST_EXTENSIONS = python -m pytest -n 2 --timeout 300 -p no:dash -m extensions tests/extensions
IS_NEW_ENOUGH = import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	if $$name -c '$(IS_NEW_ENOUGH)' >/dev/null 2>&1; then echo $$name; break; fi; done)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo storefront test lint format types browser storefront-test extensions extensions-original packaging differential deploy reliability hostile audit sbom bench bench-http instructions coverage clean

help: ## list these targets
	@echo 'make TARGET, where TARGET is one of:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-21s%s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## set up and serve the notice board on http://127.0.0.1:5000 (or PORT=8000)
	cd examples/notice_board && $(FLASK) init-db && $(FLASK) seed && exec $(FLASK) run --port $(PORT)

storefront: $(VENV)-storefront/.storefront ## set up and serve the shop on http://127.0.0.1:5000 (or PORT=8000)
	cd examples/storefront && $(SHOP) db upgrade && $(SHOP) seed && exec $(SHOP) run --port $(PORT)

test: $(VENV)/.test ## run the tests
	$(PYTEST) -n 2 -m 'not ($(APART))' $(ARGS)

lint: $(VENV)/.dev ## check style and format with ruff
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/.dev ## apply ruff's fixes and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/.dev ## check types with mypy and pyright, those of users' programs too
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(PYTEST) -m typing tests/typing $(ARGS)

browser: $(VENV)/.browser ## walk the demo in a headless browser (needs chromium)
	$(PYTEST) -m browser $(ARGS)

storefront-test: $(VENV)-storefront/.storefront ## test the shop (needs chromium, postgresql, redis-server)
	$(VENV)-storefront/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) --requirement tests/storefront/requirements.txt
	$(VENV)-storefront/bin/python -m pytest --timeout 120 -n 2 -m storefront tests/storefront $(ARGS)

extensions: $(VENV)-extensions/.extensions ## run published extensions on this package
	$(VENV)-extensions/bin/$(PYTEST_EXTENSIONS) $(ARGS)

# Failures are named and not shown, for that would show the original's source.
extensions-original: $(VENV)-extensions-original/.extensions ## run the same on the original Flask
	$(VENV)-extensions-original/bin/$(PYTEST_EXTENSIONS) --original --tb=no --show-capture=no --disable-warnings $(ARGS)

packaging: $(VENV)/.dev ## build wheel and sdist, install them, try them
	$(PYTEST) -m packaging $(ARGS)

differential: $(VENV)/.test ## ask the original Flask, installed beside, and compare
	$(BIN)/python -m tests.differential.check_oracle $(ARGS)
	HIPFLASK_NO_SKIPS=1 $(PYTEST) tests/differential/test_rollout.py tests/test_reported_defects.py

deploy: $(VENV)-deploy/.deploy ## carry out the guides of docs/deploy on real servers
	$(VENV)-deploy/bin/python -m pytest --timeout 120 -n 2 --dist loadfile -m deploy tests/deploy $(ARGS)

reliability: $(VENV)-reliability/.reliability ## load real servers and break things around them (short form)
	$(VENV)-reliability/bin/python -m pytest --timeout 240 -n 2 -m reliability tests/reliability $(ARGS)

hostile: $(VENV)/.hostile ## try all hostile inputs, minutes
	$(PYTEST) -n 2 -m hostile tests/hostile $(ARGS)

audit: $(VENV)/.dev ## ask for known vulnerabilities; look over the source
	$(BIN)/python -m reliability.hostile.audit
	$(BIN)/bandit --quiet --recursive src --configfile pyproject.toml

sbom: $(VENV)/.dev ## list what the package needs, in build/sbom.json
	rm -rf $(VENV)-release && $(BIN)/python -m venv --without-pip $(VENV)-release
	$(BIN)/python -m pip --python $(VENV)-release/bin/python install --quiet $(PIP_FLAGS) .
	mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type library \
		--output-reproducible --output-file build/sbom.json $(VENV)-release/bin/python

bench: $(VENV)/.bench ## measure CPU time per request, beside the original
	$(BIN)/python -m benchmarks.run $(ARGS)

bench-http: $(VENV)/.bench ## measure requests over sockets, beside the original (needs wrk)
	$(BIN)/python -m benchmarks.sockets $(ARGS)

instructions: $(VENV)/.test ## hold the instructions of key requests to the record (needs valgrind)
	$(BIN)/python -m benchmarks.instructions --check benchmarks/results/instructions.json --bound 0.05 $(ARGS)

coverage: $(VENV)/.dev ## run the tests and report branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --timeout 120 -n 2 -m 'not ($(APART))' $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

clean: ## remove environments, caches and builds
	rm -rf $(VENV) $(VENV)-* .work build dist .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each set of packages; a change of pyproject.toml installs them anew.

$(VENV)/.created:
	@test -n '$(PYTHON)' || { \
		echo 'No Python 3.11 or newer with the venv module was found.' >&2; \
		echo 'Install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=...' >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Each installs the package with the extras after its name.
$(VENV)/.demo: EXTRAS = async,dotenv
$(VENV)/.test: EXTRAS = async,dotenv,test
$(VENV)/.dev: EXTRAS = async,dotenv,test,dev
$(VENV)/.browser: EXTRAS = async,dotenv,test,browser
$(VENV)/.bench: EXTRAS = async,dotenv,test,bench
$(VENV)/.hostile: EXTRAS = async,dotenv,test,hostile

$(VENV)/.demo $(VENV)/.test $(VENV)/.dev $(VENV)/.browser $(VENV)/.bench $(VENV)/.hostile: pyproject.toml $(VENV)/.created
	$(PIP) --editable '.[$(EXTRAS)]'
	@touch $@

# Installed as users have it, not editable, and first: the requirements must not bring another Flask.
$(VENV)-extensions/.extensions: pyproject.toml tests/extensions/requirements.txt $(shell find src -name '*.py')
	$(MAKE) --no-print-directory VENV=$(VENV)-extensions $(VENV)-extensions/.created
	$(VENV)-extensions/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) '.[async,dotenv]'
	$(VENV)-extensions/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) --requirement tests/extensions/requirements.txt
	@touch $@

# The package first: the requirements must not bring another Flask.
$(VENV)-storefront/.storefront: pyproject.toml examples/storefront/requirements.txt $(shell find src -name '*.py')
	$(MAKE) --no-print-directory VENV=$(VENV)-storefront $(VENV)-storefront/.created
	$(VENV)-storefront/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) '.[async,dotenv]'
	$(VENV)-storefront/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) --requirement examples/storefront/requirements.txt
	@touch $@

$(VENV)-deploy/.deploy: pyproject.toml tests/deploy/requirements.txt $(shell find src -name '*.py')
	$(MAKE) --no-print-directory VENV=$(VENV)-deploy $(VENV)-deploy/.created
	$(VENV)-deploy/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) '.[async,dotenv]'
	$(VENV)-deploy/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) --requirement tests/deploy/requirements.txt
	@touch $@

$(VENV)-reliability/.reliability: pyproject.toml reliability/requirements.txt
	$(MAKE) --no-print-directory VENV=$(VENV)-reliability $(VENV)-reliability/.created
	$(VENV)-reliability/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) --editable '.[async]' --requirement reliability/requirements.txt
	@touch $@

$(VENV)-extensions-original/.extensions: tests/extensions/requirements.txt
	$(MAKE) --no-print-directory VENV=$(VENV)-extensions-original $(VENV)-extensions-original/.created
	$(VENV)-extensions-original/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS) \
		'flask[async,dotenv]==3.1.3' --requirement tests/extensions/requirements.txt
	@touch $@
