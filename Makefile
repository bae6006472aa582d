# The commands of this repository. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready
IMAGE ?= tenant-billing-operator
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
CODE := operator tests deploy/helm docs/reference

.PHONY: help
help: ## List the commands
	@[ ! -t 1 ] || { bold=$$'\033[1m'; plain=$$'\033[0m'; }; \
	awk -F ':.*## ' -v bold="$${bold-}" -v plain="$${plain-}" \
	  '/^[a-z-]+:.*## / {printf "  %smake %-14s%s %s\n", bold, $$1, plain, $$2}' $(MAKEFILE_LIST)

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# Everything that runs comes from one hash-checked list.
$(READY): requirements/development.txt pyproject.toml
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is no Python 3.11 or newer: name one, as in make PYTHON=python3.11" >&2; exit 1; }
	@echo "Preparing $(VENV) (once, a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c '$(NEW_ENOUGH)' || { echo "$(VENV) was made by an older Python: remove it, and try again" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

.PHONY: setup
setup: $(READY) ## Prepare the Python environment

.PHONY: control-plane
control-plane: $(READY) ## Have kube-apiserver and all that tests start at hand (cached outside the tree)
	@$(BIN)/python -m tenant_billing_sandbox control-plane install \
	  --with controller-manager,scheduler,stripe-mock,helm,kwok,promtool

.PHONY: demo
demo: $(READY) ## The main job once, on a real control plane and both simulators
	@$(BIN)/python -m tenant_billing_sandbox demo

.PHONY: sandbox
sandbox: $(READY) ## The same, left running, to try by hand
	@$(BIN)/python -m tenant_billing_sandbox up

.PHONY: chart
chart: $(READY) ## Make what is made from the chart's values and templates, and from the definitions
	@PYTHONPATH=deploy/helm $(BIN)/python -m chart_generator

.PHONY: lint
lint: $(READY) ## Format, lint, types, import contracts
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/mypy docs/reference tests
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/hadolint Dockerfile

.PHONY: format
format: $(READY) ## Format the code and mend what the linter can
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

.PHONY: reference
reference: $(READY) ## Write docs/reference anew, from deploy/crds
	@$(BIN)/python docs/reference/generate.py docs/reference

.PHONY: unit
unit: $(READY) ## Decisions, clients and simulators: no control plane
	@$(BIN)/pytest -m "not control_plane" tests

.PHONY: test
test: lint control-plane ## All the set-up, then every check and test
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term tests

.PHONY: crash
crash: control-plane ## Kill the operator at every write, in every variant
	@TENANT_BILLING_CRASH=all $(BIN)/pytest -m crash tests

.PHONY: moving
moving: control-plane ## Move 1,000 tenants in from the Tenant Billing Server: not one write outside
	@TENANT_BILLING_MOVING=1000 $(BIN)/pytest tests/end_to_end/test_moving_in.py

.PHONY: silence
silence: control-plane ## Four days without any webhook, for 500 tenants
	@TENANT_BILLING_SILENCE=500 $(BIN)/pytest -rA tests/integration/test_days_of_silence.py

.PHONY: usage
usage: control-plane ## Bill a month of 500 metered tenants while the operator is killed 50 times
	@TENANT_BILLING_USAGE_TENANTS=500 TENANT_BILLING_USAGE_KILLS=50 $(BIN)/pytest tests/integration/test_a_month_of_usage.py

.PHONY: bench
bench: control-plane ## The benchmarks: one JSON line per figure, each beside its floor
	@$(BIN)/python tests/bench

.PHONY: image
image: ## Build the container image; PYTHON_DIGEST=sha256:… names the base (docs/image.md)
	@[[ "$(PYTHON_DIGEST)" == sha256:* ]] || { echo "make image PYTHON_DIGEST=sha256:…: name the base by its digest (docs/image.md)" >&2; exit 2; }
	docker build --build-arg PYTHON_DIGEST=$(PYTHON_DIGEST) --build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$$(git rev-parse HEAD) --build-arg CREATED=$$(date -u +%Y-%m-%dT%H:%M:%SZ) --tag $(IMAGE):$(VERSION) .

.PHONY: requirements
requirements: ## Pin the newest allowed versions, with hashes and without an index address
	@$(PYTHON) -m venv $(VENV)-pins && $(VENV)-pins/bin/pip install --quiet uv
	@for target in development:"pyproject.toml --extra sandbox --extra test --extra lint --group build" \
	  build:"--group build" runtime:pyproject.toml; do \
	  env -u PIP_FIND_LINKS $(VENV)-pins/bin/uv pip compile --quiet $${target#*:} --universal --python-version 3.11 \
	    --no-strip-extras --generate-hashes --no-header --no-annotate \
	    -o requirements/$${target%%:*}.txt $$([ $${target%%:*} = development ] || echo "-c requirements/development.txt"); \
	done
	@rm -rf $(VENV)-pins
