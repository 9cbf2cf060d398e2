# Every target sets up what it needs: see scripts/setup.sh. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help docs pages demo test test-unit test-live test-vm test-packaging check format guest record-kernels tool-table clean bench bench-quick
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
# Stamps of what .venv holds: enough to run, and all that testing and checking need as well.
RUN := .venv/.ready-to-run
DEVELOP := .venv/.ready-to-develop
DOCUMENT := .venv/.ready-to-document

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \t\2/p' Makefile | expand -t 24

demo: $(RUN) ## run the example scripts on this kernel against a small workload (root)
	$(PYTHON) scripts/demo.py

test: $(DEVELOP) ## run all tests this machine can run
	@scripts/setup-guest.sh || echo "make test: without the guest, its tests are skipped" >&2
	$(PYTEST)

test-unit: $(DEVELOP) ## run the tests that need neither root nor a kernel
	$(PYTEST) tests/unit tests/cases

test-live: $(DEVELOP) ## run the tests that trace on this kernel (root)
	$(PYTEST) tests/live

soak: $(DEVELOP) ## show three million events by every output, and trace as many, watching the memory
	TRACELANG_SOAK_ROWS=3000000 $(PYTEST) -rP tests/unit/recording/test_soak.py tests/live/test_soak_live.py

test-vm: $(DEVELOP) guest ## run the tests that need a guest with Debian's kernel
	$(PYTEST) tests/vm tests/vm_cases

test-packaging: $(DEVELOP) ## build the wheel, install it elsewhere and use it
	$(PYTEST) tests/packaging

check: $(DEVELOP) ## lint, check the layout, the types and the direction of imports
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-logo

format: $(DEVELOP) ## lay out the code and mend what ruff can mend
	$(PYTHON) -m ruff check --fix-only
	$(PYTHON) -m ruff format

guest: $(DEVELOP) ## install what booting the guest needs (root)
	@scripts/setup-guest.sh

docs: $(DOCUMENT) pages ## build the documentation in build/site
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet --site-dir build/site
	@echo "the pages are in build/site: open build/site/index.html"

pages: $(DEVELOP) ## write the reference and the man page anew
	$(PYTHON) -m scripts.reference_page
	$(PYTHON) -m scripts.man_page

bench: $(DEVELOP) ## measure against bpftrace and bcc, and write bench/RESULTS.md (root, a quiet machine)
	@command -v "$${BPFTRACE:-bpftrace}" >/dev/null || scripts/install-packages.sh bpftrace
	$(PYTHON) -m bench

bench-quick: $(DEVELOP) ## check in seconds what noise cannot break: no loss, counters, instructions (root)
	$(PYTHON) -m bench.quick

record-kernels: $(DEVELOP) guest ## record the facts of this kernel and the guest's for the tests
	$(PYTHON) scripts/record_kernels.py

tool-table: $(RUN) ## write the table of docs/tools.md anew
	$(PYTHON) -m scripts.tool_table

clean: ## remove .venv and everything built
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): pyproject.toml scripts/setup.sh scripts/install-packages.sh
	@scripts/setup.sh
	@touch $@

$(DEVELOP): pyproject.toml scripts/setup.sh scripts/install-packages.sh
	@scripts/setup.sh test,check,guest
	@touch $@ $(RUN)

$(DOCUMENT): $(DEVELOP)
	@scripts/setup.sh test,check,guest,docs
	@touch $@
