# Needs Python 3.11 or newer, make and a shell; everything else goes into $(VENV).

VENV ?= .venv
PORT ?= 5000
# Extra words for every pip install, such as a constraints file.
PIP_FLAGS ?=
# Extra words for pytest: make test ARGS='-k session -x'
ARGS ?=
# Tests marked so need a browser, other packages, a build or a type checker: they have targets of their own.
APART = asgi or browser or deploy or extensions or hostile or install or packaging or reliability or rooms or storefront or typed_tools or typing or variants

BIN = $(VENV)/bin
INSTALL = python -m pip --disable-pip-version-check install --quiet $(PIP_FLAGS)
FLASK = $(abspath $(BIN))/flask --app notice_board
SHOP = $(abspath $(VENV)-storefront)/bin/flask --app storefront
# A test that hangs fails, and the rest goes on.
PYTEST = $(BIN)/python -m pytest --timeout 120
# Among them are tests of several commands or browsers, which take their time on a busy machine.
PYTEST_EXTENSIONS = python -m pytest -n 2 --timeout 300 -p no:dash -m extensions tests/extensions
IS_NEW_ENOUGH = import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
# The suite of Autobahn runs on nothing newer.
PYTHON2 ?= python2.7
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	if $$name -c '$(IS_NEW_ENOUGH)' >/dev/null 2>&1; then echo $$name; break; fi; done)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# "##@" begins a group. The time in brackets is that of a machine with two cores, without set-up.

##@ Try
.PHONY: help demo storefront api rooms

# One line for each target: its group, where that begins, the name, the purpose, the time.
help: ## list these targets
	@echo 'make TARGET (times: two cores, environments set up)'
	@awk -F ':.*## ' '/^##@ / { group = substr($$0, 5) } \
		/^[a-z-]+:.*## / { time = ""; text = $$2; \
			if (match(text, / \[.*\]$$/)) { time = substr(text, RSTART + 1); text = substr(text, 1, RSTART) } \
			line = sprintf("%-9s %-19s %-62s%8s", group, $$1, text, time); group = ""; \
			sub(/ +$$/, "", line); print line }' Makefile

demo: $(VENV)/.demo ## serve the notice board on http://127.0.0.1:5000 (PORT=8000)
	cd examples/notice_board && $(FLASK) init-db && $(FLASK) seed && exec $(FLASK) run --port $(PORT)

storefront: $(VENV)-storefront/.ready ## serve the shop on the same address
	cd examples/storefront && $(SHOP) db upgrade && $(SHOP) seed && exec $(SHOP) run --port $(PORT)

rooms: $(VENV)-rooms/.ready ## serve the chat on the same address
	cd examples/rooms && exec $(abspath $(VENV)-rooms)/bin/flask --app rooms run --asgi --port $(PORT)

api: $(VENV)-api/.ready ## serve the typed API; its documentation is at /docs
	cd examples/typed_api && exec $(abspath $(VENV)-api)/bin/flask --app typed_api run --port $(PORT)

##@ Develop
.PHONY: check test lint format types coverage

check: lint types test ## all that a commit must pass: lint, types, test [3 min]

test: $(VENV)/.test ## run the tests [2 min]
	$(PYTEST) -n 2 -m 'not ($(APART))' $(ARGS)

lint: $(VENV)/.dev ## check style and format with ruff [1 s]
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/.dev ## apply ruff's fixes and format [1 s]
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/.dev ## check types with mypy and pyright [1 min]
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(PYTEST) -m typing tests/typing $(ARGS)

coverage: $(VENV)/.dev ## run the tests and report branch coverage [4 min]
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --timeout 120 -n 2 -m 'not ($(APART))' $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

##@ Document
APART += or site
.PHONY: docs docs-serve docs-test

docs: $(VENV)-docs/.ready ## build the site into build/docs; warnings are errors [1 min]
	rm -rf build/docs/$(RELEASE)
	$(VENV)-docs/bin/python -m sphinx --fresh-env --write-all --fail-on-warning --keep-going --quiet --jobs 2 \
		--doctree-dir build/doctrees docs build/docs/$(RELEASE)

docs-serve: docs ## show the site on http://127.0.0.1:5000 (PORT=8000)
	cd build/docs && exec $(abspath $(VENV)-docs)/bin/python -m http.server --bind 127.0.0.1 $(PORT)

docs-test: $(VENV)-docs/.axe ## test the site, in chromium too, and every program in it [3 min]
	$(VENV)-docs/bin/python -m pytest --timeout 300 -m site tests/site $(ARGS)
	HIPFLASK_NO_SKIPS=1 $(VENV)-docs/bin/python -m pytest --timeout 120 tests/project/test_docs.py

##@ Compare
.PHONY: differential extensions extensions-original jinja

differential: $(VENV)/.test ## ask the original Flask, installed beside, and compare [1 min]
	$(BIN)/python -m tests.differential.check_oracle $(ARGS)
	$(PYTEST) -n 2 -m variants tests/differential/test_variants.py
	$(BIN)/python -m tests.differential.check_oracle --variants $(ARGS)
	HIPFLASK_NO_SKIPS=1 $(PYTEST) tests/differential/test_rollout.py tests/differential/test_programs.py tests/test_reported_defects.py

extensions: $(VENV)-extensions/.ready ## run published extensions on this package [4 min]
	$(VENV)-extensions/bin/$(PYTEST_EXTENSIONS) $(ARGS)

# Failures are named and not shown, for that would show the original's source.
extensions-original: $(VENV)-extensions-original/.ready ## run the same on the original Flask [4 min]
	$(VENV)-extensions-original/bin/$(PYTEST_EXTENSIONS) --original --tb=no --show-capture=no --disable-warnings $(ARGS)

jinja: $(VENV)/.test ## run Jinja's own tests on our templates [2 min]
	$(BIN)/python -m tests.rendering.jinja_suite $(ARGS)

##@ Use
.PHONY: browser storefront-test rooms-test asgi autobahn typed-tools deploy reliability hostile mutation sabotage

browser: $(VENV)/.browser ## walk the demo in a headless browser (chromium) [1 min]
	$(PYTEST) -m browser $(ARGS)

storefront-test: $(VENV)-storefront/.tests ## test the shop (chromium, postgresql, redis-server) [1 min]
	$(VENV)-storefront/bin/python -m pytest --timeout 120 -n 2 -m storefront tests/storefront $(ARGS)

rooms-test: $(VENV)-rooms/.tests ## test the chat (chromium, redis-server, nginx) [1 min]
	$(VENV)-rooms/bin/python -m pytest --timeout 120 -n 2 -m rooms tests/rooms $(ARGS)

asgi: $(VENV)-asgi/.ready ## serve by uvicorn, Hypercorn, Granian and Daphne (npm) [4 min]
	$(VENV)-asgi/bin/python -m pytest --timeout 120 -n 2 -m asgi tests/asgi tests/websocket $(ARGS)

autobahn: $(VENV)-asgi/.ready .work/autobahn/.ready ## try every frame of RFC 6455 on each server (python2.7) [4 min]
	$(VENV)-asgi/bin/python -m reliability.autobahn .work/autobahn --python $(PYTHON2) --write $(ARGS)

typed-tools: $(VENV)-typed/.tools ## try typed views with tools that read OpenAPI (npm) [2 min]
	$(VENV)-typed/bin/python -m pytest --timeout 170 -n 2 -m typed_tools tests/typed_tools $(ARGS)

deploy: $(VENV)-deploy/.ready ## carry out the guides of docs/deploy on real servers [2 min]
	$(VENV)-deploy/bin/python -m pytest --timeout 120 -n 2 --dist loadfile -m deploy tests/deploy $(ARGS)

reliability: $(VENV)-reliability/.ready ## load real servers, break things around them (short form) [4 min]
	$(VENV)-reliability/bin/python -m pytest --timeout 240 -n 2 -m reliability tests/reliability $(ARGS)

hostile: $(VENV)/.hostile ## try all hostile inputs [3 min]
	$(PYTEST) -n 2 -m hostile tests/hostile $(ARGS)

mutation: $(VENV)/.mutation ## put small faults into the sources and see tests fail [4 min]
	$(BIN)/python -m tests.mutation $(ARGS)

sabotage: $(VENV)/.test ## break fast paths on purpose and see tests turn red [1 min]
	$(BIN)/python -m tests.mutation.sabotage

##@ Measure
.PHONY: bench bench-additions bench-http instructions

bench: $(VENV)/.bench ## CPU per request, by WSGI and ASGI, beside others [8 min]
	$(BIN)/python -m benchmarks.run $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m benchmarks.asgi)

bench-additions: $(VENV)/.bench ## the same with customisations and extensions [8 min]
	$(BIN)/python -m benchmarks.run --table additions $(ARGS)

bench-http: $(VENV)/.bench ## requests over sockets, beside the original (wrk) [10 min]
	$(BIN)/python -m benchmarks.sockets $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m benchmarks.asgi_sockets)

instructions: $(VENV)/.test ## hold instructions per request to the record (valgrind) [1 min]
	$(BIN)/python -m benchmarks.instructions --check benchmarks/results/instructions.json --bound 0.05 $(ARGS)

##@ Release
.PHONY: dist install-matrix packaging audit sbom clean

dist: $(VENV)/.dev ## build wheel and sdist, and an index of them in dist/simple [10 s]
	rm -f dist/*.whl dist/*.tar.gz
	$(BIN)/python -m build --outdir dist
	$(BIN)/python distribution/index.py dist

install-matrix: $(VENV)-install/.ready ## install by each tool that docs/install.md describes [4 min]
	$(VENV)-install/bin/python -m pytest --timeout 300 -m install tests/install $(ARGS)

packaging: $(VENV)/.dev ## build wheel and sdist, install them, try them [1 min]
	$(PYTEST) -m packaging $(ARGS)

audit: $(VENV)/.dev ## ask for known vulnerabilities; look over the source [1 min]
	$(BIN)/python -m reliability.hostile.audit
	$(BIN)/bandit --quiet --recursive src --configfile pyproject.toml

sbom: $(VENV)/.dev ## list what the package needs, in build/sbom.json [1 min]
	rm -rf $(VENV)-release && $(BIN)/python -m venv --without-pip $(VENV)-release
	$(BIN)/python -m pip --python $(VENV)-release/bin/python install --quiet $(PIP_FLAGS) .
	mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type library \
		--output-reproducible --output-file build/sbom.json $(VENV)-release/bin/python

clean: ## remove environments, caches and builds
	rm -rf $(VENV) $(VENV)-* .work build dist .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments: a stamp for each set of packages, made anew when what it depends on changes.
# ($(subst) because a comma ends an argument of $(call).)

comma := ,

RELEASE = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# own STAMP,EXTRA+EXTRA: a stamp in $(VENV), where the package is installed to be edited.
define own
$(VENV)/.$(1): pyproject.toml $(VENV)/.created
	$(BIN)/$(INSTALL) --editable '.[$(subst +,$(comma),$(2))]'
	@touch $$@
endef

# beside NAME,WHAT,REQUIREMENTS,SOURCES: an environment of its own, $(VENV)-NAME. WHAT comes
# first: the requirements must not bring another Flask.
define beside
$(VENV)-$(1)/.ready: pyproject.toml $(3) $(4)
	$$(MAKE) --no-print-directory VENV=$(VENV)-$(1) $(VENV)-$(1)/.created
	$(VENV)-$(1)/bin/$(INSTALL) $(2)
	$(VENV)-$(1)/bin/$(INSTALL) --requirement $(3)
	@touch $$@
endef

# Installed as users have it, not to be edited: made anew when a source changes.
SOURCES = $(shell find src -name '*.py')
PACKAGE = '.[async$(comma)dotenv]'
ORIGINAL = 'flask[async$(comma)dotenv]==3.1.3'

$(eval $(call own,demo,async+dotenv))
$(eval $(call own,test,async+dotenv+test))
$(eval $(call own,dev,async+dotenv+test+dev))
$(eval $(call own,browser,async+dotenv+test+browser))
$(eval $(call own,bench,async+dotenv+test+bench))
$(eval $(call own,hostile,async+dotenv+test+hostile))
$(eval $(call own,mutation,async+dotenv+test+mutation))
$(eval $(call beside,extensions,$(PACKAGE),tests/extensions/requirements.txt,$(SOURCES)))
$(eval $(call beside,extensions-original,$(ORIGINAL),tests/extensions/requirements.txt))
$(eval $(call beside,storefront,$(PACKAGE),examples/storefront/requirements.txt,$(SOURCES)))
$(eval $(call beside,rooms,'.[asgi$(comma)websocket]',examples/rooms/requirements.txt,$(SOURCES)))
$(eval $(call beside,deploy,$(PACKAGE),tests/deploy/requirements.txt,$(SOURCES)))
$(eval $(call beside,asgi,--editable '.[async$(comma)dotenv$(comma)test]',tests/asgi/requirements.txt))
$(eval $(call beside,api,'.[typed]',examples/typed_api/requirements.txt,$(SOURCES)))
$(eval $(call beside,typed,'.[async$(comma)typed]',examples/typed_api/requirements.txt,$(SOURCES)))
$(eval $(call beside,reliability,--editable '.[async]',reliability/requirements.txt))
$(eval $(call beside,install,pip,tests/install/requirements.txt))
$(eval $(call beside,docs,--editable '.[async$(comma)dotenv$(comma)docs]',tests/site/requirements.txt))

$(VENV)-docs/.axe: $(VENV)-docs/.ready
	PATH="$(abspath $(VENV)-docs)/bin:$$PATH" npm install --silent --no-fund --prefix $(VENV)-docs/axe axe-core@4
	@touch $@

$(VENV)-storefront/.tests: $(VENV)-storefront/.ready tests/storefront/requirements.txt
	$(VENV)-storefront/bin/$(INSTALL) --requirement tests/storefront/requirements.txt
	@touch $@

$(VENV)-rooms/.tests: $(VENV)-rooms/.ready tests/rooms/requirements.txt
	$(VENV)-rooms/bin/$(INSTALL) --requirement tests/rooms/requirements.txt
	@touch $@

$(VENV)-typed/.tools: $(VENV)-typed/.ready tests/typed_tools/requirements.txt tests/typed_tools/package.json
	$(VENV)-typed/bin/$(INSTALL) --requirement tests/typed_tools/requirements.txt
	cp tests/typed_tools/package.json $(VENV)-typed/
	cd $(VENV)-typed && npm install --silent --no-audit --no-fund
	@touch $@

.work/autobahn/.ready:
	$(PYTHON2) -m pip --disable-pip-version-check install --quiet --target .work/autobahn autobahntestsuite==25.10.1
	touch .work/autobahn/zope/__init__.py $@

$(VENV)/.created:
	@test -n '$(PYTHON)' || { \
		echo 'No Python 3.11 or newer with the venv module was found.' >&2; \
		echo 'Install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=...' >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
