# Everything that a checkout can do. Each target sets up what it needs first.

PYTHON ?=
export PYTHON

BIN := .venv/bin
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help setup setup-system demo serve check format test soak bench screenshots lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## install the locked Python and Node packages into this folder
	@python=$$(sh tools/find_python.sh) && "$$python" tools/setup.py checkout

setup-system: setup ## install Postgres, Postfix, Chromium and SpamAssassin for tests, where that is possible
	@$(BIN)/python tools/setup.py system

demo: setup ## run the whole job once: articles, issue, mail, a bounce, an unsubscribe
	@$(BIN)/python examples/demo.py

serve: setup ## show the demo's site on this machine
	@test -f $(DEMO)/newsletter.toml || $(BIN)/python examples/demo.py
	@NEWSLETTER_CONFIG=$(DEMO)/newsletter.toml $(BIN)/newsletter serve

check: setup ## formatting, lint, types, architecture, docs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generate_docs.py --check

format: setup ## format the code and apply the safe fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Coverage is of what runs in the tests' own processes and in those of the integration tests. Browsers and whole jobs
# start servers and commands by the hundred, which take twice as long when each of their lines is counted.
BY_CLICKING := tests/browser tests/e2e
# Three processes to two processors: a third of the time tests wait, for servers, for clocks and for each other.
AT_ONCE = -n $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )) --dist worksteal

# Each of those commands would compile the sources anew where Python may not keep what it compiled.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup-system ## run all tests but the long ones, with coverage
	$(BIN)/python -m pytest $(AT_ONCE) --cov --cov-report=term $(BY_CLICKING:%=--ignore=%)
	$(BIN)/python -m pytest $(AT_ONCE) $(BY_CLICKING)

soak: setup-system ## run the long tests at full counts
	$(BIN)/python -m pytest -m soak --timeout=0 -s
	$(BIN)/python -m pytest tests/unit --hypothesis-profile soak --timeout=0

bench: setup-system ## measure each figure of docs/scaling.md against its yardstick, or those that ONLY="…" names
	PYTHONPATH=tests $(BIN)/python -m bench.run $(ONLY)

screenshots: setup-system ## draw the pages and letters again as pictures
	$(BIN)/python tools/screenshots.py
	$(BIN)/python tools/reader_screenshots.py
	$(BIN)/python tools/desk_screenshots.py

lock: ## resolve the dependencies again and rewrite the lock files
	@test -x $(BIN)/uv || $(MAKE) setup
	$(BIN)/python tools/lock.py

clean: ## remove everything that the other targets made
	rm -rf .venv node_modules build dist $(DEMO) htmlcov .coverage .coverage.* \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
