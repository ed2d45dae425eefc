# Two steps for a newcomer: `make build`, then `make test`. The README gives the same steps without make.

PYTHON ?= python3
SCALE ?= 0.1
UTVANDRING_DATA ?= $(CURDIR)/data
export UTVANDRING_DATA
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled modules are kept. Where the environment forbids it, each process compiles the same 2,000 modules again: a
# check of a delivery takes five seconds of processor time more.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
DELIVERY := $(UTVANDRING_DATA)/incoming/simulated-$(SCALE)
BUNDLE := utvandring-$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# The environment is whole when the stamp is there: what running needs, and what development adds to it.
FOR_RUNNING := .venv/running.stamp
FOR_DEVELOPMENT := .venv/development.stamp
UNFINISHED := .venv/unfinished

# In an unpacked bundle the dependencies lie beside the project, and no index is asked.
IN_BUNDLE := $(wildcard wheels/*.whl)
ifneq ($(IN_BUNDLE),)
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(CURDIR)/wheels
endif

.PHONY: build test test-all test-spark java series browser lint lint-sql expectations lock slim audit detection
.PHONY: calibration whole docs images bundle test-bundle profile clean help

help:
	@echo "make build    environment, simulated delivery, warehouse, report (SCALE=0.1 UTVANDRING_DATA=data)"
	@echo "make test     linters, types and the tests that do not take minutes; make test-all: those too"
	@echo "make test-spark  the models on Spark: translation, both engines compared (docs/spark.md)"
	@echo "make series   builds by year after sixty random deliveries, held against full builds (SEED=1)"
	@echo "make browser  Chromium for the tests of the report, from Debian's packages"
	@echo "make lint     linters and types only"
	@echo "make slim     build and test what differs from the last whole build, and what depends on it"
	@echo "make audit    what a reader could know of every small count of the release that was built"
	@echo "make profile  what took how long in the last build and the last tests"
	@echo "make expectations  write expectations/<register>.yml again from models/staging/registers.yml"
	@echo "make detection  which faults of a delivery are found, and how often clean ones are warned of (30 min)"
	@echo "make calibration  how covariates go together in the simulation, fitted to print again (CALIBRATION=FILE)"
	@echo "make whole    simulate, deliver and build the whole of Norway by size (SCALES='0.01 0.03 0.1' MEMORY=6GB)"
	@echo "make docs     dbt's documentation of every model with lineage, one file (target/static_index.html)"
	@echo "make images   the pictures in docs/images/ again, from what was built"
	@echo "make bundle   one archive for machines without a network (dist/); make test-bundle tries it"
	@echo "make lock     renew requirements.lock and requirements-dev.lock from pyproject.toml"
	@echo "make clean    remove what build and test made, except the data root and the environment"

# Installs what a lock names, with uv: it takes a fourth of pip's time. Where it is missing pip fetches it, and it asks
# the index that pip is told to ask. If it fails all the same (pip knows more, such as certificates of one's own), or in
# a bundle, pip installs. An installation that broke off starts from an empty folder: half a package may look whole.
LOCKED := --no-deps --require-hashes --only-binary :all:
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 ..."; exit 1; }
	@test ! -e $(UNFINISHED) || rm -rf .venv
	@mkdir -p .venv && rm -f .venv/*.stamp && touch $(UNFINISHED)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "Python cannot make environments here: install its venv module (Debian: python3-venv)."; exit 1; }
	@with_uv() { \
		test -z "$(IN_BUNDLE)" || return 1; \
		uv=$$(command -v uv) || { \
			sed -n '/^uv==/,/# via/p' requirements-dev.lock >.venv/uv.txt && \
			$(PIP) install --no-compile $(LOCKED) -r .venv/uv.txt && uv=$(BIN)/uv; } || return 1; \
		index=$$($(BIN)/python -m pip config list | sed -n "s/.*\.index-url='\(.*\)'/\1/p" | head -n 1); \
		UV_DEFAULT_INDEX=$${UV_DEFAULT_INDEX:-$$index} \
			"$$uv" pip install -q --python $(BIN)/python $(LOCKED) -r $(1) 2>.venv/uv.log || \
			{ echo "uv could not (.venv/uv.log says why), so pip does it: a minute more ..."; return 1; }; \
	}; \
	with_uv || $(PIP) install --no-compile $(LOCKED) -r $(1)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm $(UNFINISHED)
endef

$(FOR_RUNNING): requirements.lock pyproject.toml
	@echo "Environment: what requirements.lock names, some 220 MB, into .venv ..."
	$(call install,requirements.lock)
	@touch $@

$(FOR_DEVELOPMENT): $(FOR_RUNNING) requirements-dev.lock
	@echo "Environment: what requirements-dev.lock adds, some 60 MB, into .venv ..."
	$(call install,requirements-dev.lock)
	@touch $(FOR_RUNNING) $@

# pyspark has no wheel: it is a folder of Java archives.
FOR_SPARK := .venv/spark.stamp
$(FOR_SPARK): $(FOR_DEVELOPMENT) requirements-spark.lock
	@echo "Environment: what requirements-spark.lock adds, some 450 MB, into .venv ..."
	@$(PIP) install --no-deps --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@

# What dbt reads of the project it keeps for the build that follows: it reads while the files are checked.
READ_PROJECT := umask 077; UTVANDRING_AS_OF= $(BIN)/dbt --quiet --no-send-anonymous-usage-stats parse \
	--target-path "$(UTVANDRING_DATA)/target" --log-path "$(UTVANDRING_DATA)/logs" >/dev/null 2>&1

# A delivery is simulated once; the folder appears when it is whole.
build: $(FOR_RUNNING)
	@test -f "$(DELIVERY)/delivery.json" || { \
		echo "Simulate: registers of a made-up population at scale $(SCALE) ..."; \
		$(BIN)/utvandring simulate --out "$(DELIVERY)" --scale $(SCALE); }
	@echo "Deliver: check the files of the delivery and accept them ..."
	@($(READ_PROJECT)) & $(BIN)/utvandring deliver "$(DELIVERY)"; code=$$?; wait; exit $$code
	@echo "Build: the warehouse with its tests, then publish it ..."
	@$(BIN)/utvandring build
	@echo "Report: the pages from what was published ..."
	@$(BIN)/utvandring --quiet report
	@echo
	@echo "Done."
	@echo "  Report:    $(UTVANDRING_DATA)/report/utvandring.en.html (Norwegian: utvandring.nb.html), in a browser"
	@echo "  Database:  $(UTVANDRING_DATA)/published/utvandring.duckdb"
	@echo "             $(BIN)/python: duckdb.connect(that file, read_only=True); other clients: docs/sql-clients.md"
	@echo "  Next:      make test; $(BIN)/utvandring --help; README.md, for researchers, data stewards and engineers"

# The report is tested in a real browser. Without one its tests are skipped, and fail where CI is set.
browser:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null && \
		command -v chromedriver >/dev/null || \
	if [ -z "$(IN_BUNDLE)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium chromium-driver fonts-liberation >/dev/null; \
	else \
		echo "The pages of the report are not tested: install Chromium and its driver" \
			"(Debian: sudo apt-get install chromium chromium-driver)."; \
	fi

# Spark runs in Java; the tests of it fail without one.
java:
	@java -version >/dev/null 2>&1 || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null; \
	else \
		echo "Spark needs Java 17: install it (Debian: sudo apt-get install openjdk-17-jre-headless)."; exit 1; \
	fi

# The models on Spark (docs/spark.md). ONLY: which of the tests, such as 'spark and not long'.
ONLY ?= spark
test-spark: $(FOR_SPARK) java
	$(BIN)/python -m pytest tests/python/spark -m "$(ONLY)" --junitxml=target/tests-spark.xml

# Each run of pytest leaves its times in target/, for make profile. What tests share (a simulated delivery, its
# warehouse and report) is made by the first run, and used by the long tests after it.
MADE := target/made
test: lint browser
	rm -rf $(MADE)
	UTVANDRING_TESTS_MADE=$(CURDIR)/$(MADE) $(PYTEST) -m "not long and not spark" --junitxml=target/tests.xml

test-all: test
	UTVANDRING_TESTS_MADE=$(CURDIR)/$(MADE) $(PYTEST) -m "long and not spark" --junitxml=target/tests-long.xml

# Goes on where it stopped; another seed is another series.
SEED ?= 1
series: $(FOR_DEVELOPMENT)
	$(BIN)/python tests/python/random_deliveries.py --seed $(SEED) --steps 60 --folder target/random-$(SEED)

lint: $(FOR_DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --extend-exclude "*.md" .
	$(BIN)/mypy
	@if [ -f .sqlfluff ]; then $(MAKE) --no-print-directory lint-sql; fi

# Of macros and generic tests the linter sees the lines only: what they say is judged where a model calls them.
# Its processes leave a semaphore to the end, which Python would remark on.
lint-sql: $(FOR_DEVELOPMENT)
	PYTHONWARNINGS=ignore:resource_tracker $(BIN)/sqlfluff lint --processes 2 models analysis tests/generic tests/singular macros/rules macros/incremental/changes.sql

expectations: $(FOR_RUNNING)
	$(BIN)/python -m utvandring.deliveries.suites

# One source, three locks: the versions of all, of these what running needs, and what Spark adds to running.
COMPILE_OPTIONS := --universal --python-version 3.11 --generate-hashes --quiet --custom-compile-command "make lock"
COMPILE := pip compile pyproject.toml - $(COMPILE_OPTIONS)
lock: $(FOR_DEVELOPMENT)
	echo 'setuptools>=77' | $(BIN)/uv $(COMPILE) --extra dev --upgrade -o requirements-dev.lock
	echo 'setuptools>=77' | $(BIN)/uv $(COMPILE) -c requirements-dev.lock -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml $(COMPILE_OPTIONS) --extra spark -c requirements-dev.lock -o requirements-spark.lock

# What differs from the last whole build, and all that depends on it, in a file of its own (docs/slim-ci.md).
slim: $(FOR_RUNNING)
	rm -f "$(UTVANDRING_DATA)/slim.duckdb"
	$(BIN)/dbt build --no-partial-parse --target slim --select state:modified+ --defer --favor-state \
		--state "$(UTVANDRING_DATA)/target"

# What a reader could know of every small count of the release, block by block (docs/disclosure.md); broken off, it goes
# on where it was. TABLES, PROGRAMMES: how many tables that look the same to look for in each block, and how many programmes
# to run over parts of it for what they leave open;
# BLOCKS: a regular expression for some of them, such as 'outcome year 2013'.
TABLES ?= 40
PROGRAMMES ?= 150
BLOCKS ?=
audit: $(FOR_RUNNING)
	$(BIN)/python -m utvandring.release.auditing $(TABLES) $(PROGRAMMES) '$(BLOCKS)'

# How often clean deliveries are warned of, and which faults of a delivery are found; half an hour. Goes on where it was
# stopped (target/detection).
detection: $(FOR_RUNNING)
	@$(BIN)/python benchmarks/detection.py faults
	@$(BIN)/python benchmarks/detection.py table

# Fits the simulation to the printed tables of models, from nothing (docs/simulation.md). It needs no delivery.
CALIBRATION ?= target/tilts.csv
calibration: $(FOR_RUNNING)
	@mkdir -p $(dir $(CALIBRATION))
	@$(BIN)/python -m utvandring.simulation.fitting --out $(CALIBRATION)

# The whole of Norway by size, into benchmarks/results.md; goes on where it was stopped (target/whole). Scales 0.3 and 1
# need a quiet machine, an hour and 40 GB.
SCALES ?= 0.01 0.03 0.1
MEMORY ?= 6GB
whole: $(FOR_RUNNING)
	@$(BIN)/python benchmarks/whole.py --folder target/whole --scales $(SCALES) --memory $(MEMORY) --write

# What took how long, as the last build and the last tests recorded it; runs neither.
profile: $(FOR_RUNNING)
	@$(BIN)/python benchmarks/profiling.py

# The documentation describes what was built: make build first.
docs: $(FOR_RUNNING)
	$(BIN)/dbt docs generate --static --no-send-anonymous-usage-stats
	@echo "Open target/static_index.html"

# The pictures of the documentation, from what was built: make build first.
images: $(FOR_DEVELOPMENT) browser docs
	$(BIN)/utvandring report
	$(BIN)/python tests/python/images.py

# The committed project, a wheel for each locked dependency (for this Python on this kind of machine), those of
# development too, a demo delivery.
bundle: $(FOR_RUNNING)
	rm -rf dist/$(BUNDLE)
	mkdir -p dist/$(BUNDLE)/wheels
	git archive HEAD | tar -x -C dist/$(BUNDLE)
	$(PIP) download $(LOCKED) -r requirements-dev.lock -d dist/$(BUNDLE)/wheels
	$(BIN)/utvandring simulate --out dist/$(BUNDLE)/data/incoming/simulated-$(SCALE) --scale $(SCALE)
	tar -c -z -f dist/$(BUNDLE)-bundle.tar.gz -C dist $(BUNDLE)
	rm -rf dist/$(BUNDLE)
	@ls -l dist/$(BUNDLE)-bundle.tar.gz

# Unpacks the bundle and builds from it where there is no network at all, with every index pointing nowhere; then
# installs what the tests need.
test-bundle:
	rm -rf dist/try && mkdir -p dist/try
	tar -x -z -f dist/$(BUNDLE)-bundle.tar.gz -C dist/try
	cd dist/try/$(BUNDLE) && env -u UTVANDRING_DATA PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 \
		PIP_INDEX_URL=http://127.0.0.1:9/ unshare --map-root-user --net \
		$(MAKE) build $(FOR_DEVELOPMENT) SCALE=$(SCALE)
	rm -rf dist/try

clean:
	rm -rf target logs dbt_packages .pytest_cache .ruff_cache .mypy_cache .user.yml
	find python tests -name __pycache__ -type d -prune -exec rm -rf {} +
