# Two steps for a newcomer: `make build`, then `make test`. The README gives the same steps without make.

PYTHON ?= python3
SCALE ?= 0.1
UTVANDRING_DATA ?= $(CURDIR)/data
export UTVANDRING_DATA

BIN := .venv/bin
INSTALLED := .venv/installed.stamp
BUNDLE := utvandring-$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# In an unpacked bundle the dependencies lie beside the project, and no index is asked.
ifneq ($(wildcard wheels/*.whl),)
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(CURDIR)/wheels
endif

DELIVERY := $(UTVANDRING_DATA)/incoming/simulated-$(SCALE)

.PHONY: build test browser lint lint-sql expectations lock docs images bundle test-bundle clean help

help:
	@echo "make build   environment, simulated delivery, warehouse (SCALE=0.1 UTVANDRING_DATA=data)"
	@echo "make test    linters, types and all tests"
	@echo "make browser Chromium for the tests of the report, from Debian's packages"
	@echo "make lint    linters and types only"
	@echo "make expectations  write expectations/<register>.yml again from models/staging/registers.yml"
	@echo "make docs    dbt's documentation of every model with lineage, one file (target/static_index.html)"
	@echo "make images  the pictures in docs/images/ again, from what was built"
	@echo "make bundle  one archive for machines without a network (dist/); make test-bundle tries it"
	@echo "make lock    renew requirements.lock from pyproject.toml"
	@echo "make clean   remove what build and test made, except the data root and the environment"

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "Python cannot make environments here: install its venv module (Debian: python3-venv)."; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)

# A delivery is simulated once; the folder appears when it is whole.
build: $(INSTALLED)
	@test -f "$(DELIVERY)/delivery.json" || $(BIN)/utvandring simulate --out "$(DELIVERY)" --scale $(SCALE)
	@$(BIN)/utvandring deliver "$(DELIVERY)"
	@$(BIN)/utvandring build

# The report is tested in a real browser. Without one its tests are skipped, and fail where CI is set.
browser:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null && \
		command -v chromedriver >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium chromium-driver fonts-liberation >/dev/null; \
	else \
		echo "The pages of the report are not tested: install Chromium and its driver" \
			"(Debian: sudo apt-get install chromium chromium-driver)."; \
	fi

test: lint browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --extend-exclude "*.md" .
	$(BIN)/mypy
	@if [ -f .sqlfluff ]; then $(MAKE) --no-print-directory lint-sql; fi

lint-sql: $(INSTALLED)
	$(BIN)/sqlfluff lint --processes 2 models analysis

expectations: $(INSTALLED)
	$(BIN)/python -m utvandring.deliveries.suites

lock:
	printf 'setuptools>=77\n' | uv pip compile pyproject.toml - --extra dev --universal --python-version 3.11 \
		--generate-hashes --upgrade --quiet --custom-compile-command "make lock" -o requirements.lock

# The documentation describes what was built: make build first.
docs: $(INSTALLED)
	$(BIN)/dbt docs generate --static --no-send-anonymous-usage-stats
	@echo "Open target/static_index.html"

# The pictures of the documentation, from what was built: make build first.
images: browser docs
	$(BIN)/utvandring report
	$(BIN)/python tests/python/images.py

# The committed project, a wheel for each locked dependency (for this Python on this kind of machine), a demo delivery.
bundle: $(INSTALLED)
	rm -rf dist/$(BUNDLE)
	mkdir -p dist/$(BUNDLE)/wheels
	git archive HEAD | tar -x -C dist/$(BUNDLE)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
		--only-binary :all: -r requirements.lock -d dist/$(BUNDLE)/wheels
	$(BIN)/utvandring simulate --out dist/$(BUNDLE)/data/incoming/simulated-$(SCALE) --scale $(SCALE)
	tar -c -z -f dist/$(BUNDLE)-bundle.tar.gz -C dist $(BUNDLE)
	rm -rf dist/$(BUNDLE)
	@ls -l dist/$(BUNDLE)-bundle.tar.gz

# Unpacks the bundle and builds from it where there is no network at all, with every index pointing nowhere.
test-bundle:
	rm -rf dist/try && mkdir -p dist/try
	tar -x -z -f dist/$(BUNDLE)-bundle.tar.gz -C dist/try
	cd dist/try/$(BUNDLE) && env -u UTVANDRING_DATA PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 \
		PIP_INDEX_URL=http://127.0.0.1:9/ unshare --map-root-user --net $(MAKE) build SCALE=$(SCALE)
	rm -rf dist/try

clean:
	rm -rf target logs dbt_packages .pytest_cache .ruff_cache .mypy_cache .user.yml
	find python tests -name __pycache__ -type d -prune -exec rm -rf {} +
