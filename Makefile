# Two steps for a newcomer: `make build`, then `make test`. The README gives the same steps without make.

PYTHON ?= python3
SCALE ?= 0.1
UTVANDRING_DATA ?= $(CURDIR)/data
export UTVANDRING_DATA

BIN := .venv/bin
INSTALLED := .venv/installed.stamp
DELIVERY := $(UTVANDRING_DATA)/incoming/simulated-$(SCALE)

.PHONY: build test lint lint-sql expectations lock clean help

help:
	@echo "make build   environment, simulated delivery, warehouse (SCALE=0.1 UTVANDRING_DATA=data)"
	@echo "make test    linters, types and all tests"
	@echo "make lint    linters and types only"
	@echo "make expectations  write expectations/<register>.yml again from models/staging/registers.yml"
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

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

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

clean:
	rm -rf target logs dbt_packages .pytest_cache .ruff_cache .mypy_cache .user.yml
	find python tests -name __pycache__ -type d -prune -exec rm -rf {} +
