# kameleon-tui: `make run` and `make test` do all set-up on a Debian 12 machine that has git, make and python3.
SHELL := /bin/sh
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
# What a set-up depends on: when none of these changed, the second `make run` calls neither apt nor pip.
SETUP := scripts/setup.sh pyproject.toml wizard/host/tools.toml
# A build needs root (its own mounts, chroot). Where there is sudo, `make run` starts as root through it.
# (Python then writes no bytecode: root's files in a user's checkout would be in the way.)
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || ! command -v sudo >/dev/null || echo sudo env PYTHONDONTWRITEBYTECODE=1)

.DEFAULT_GOAL := help
.PHONY: help setup run test check test-long screenshots bench clean need-root

help: ## show this
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

setup: .venv/ready-for-test ## everything that developing and testing needs

run: .venv/ready-for-run ## start the wizard; without a terminal: build the default appliance; ARGS=… : run that instead
	@if [ -t 0 ] && [ -t 2 ]; then exec $(AS_ROOT) $(PYTHON) -m wizard $(ARGS); \
	else exec $(AS_ROOT) $(PYTHON) -m wizard $(or $(ARGS),--defaults); fi

check: .venv/ready-for-test ## the inner loop, no root: types, lint, contracts, unit and screen tests
	$(PYTEST) -m "not real and not long" -n 2 $(ARGS)

test: need-root check ## check, and the tests that really build, as root; with the ten slowest
	@# By file: what the tests of a file share, often a whole appliance, is then built once.
	$(AS_ROOT) $(PYTEST) -m "real and not long" -p no:cacheprovider -n 2 --dist loadfile --durations=10 $(ARGS)

test-long: need-root .venv/ready-for-test ## the tests that take minutes each, as root
	$(AS_ROOT) $(PYTEST) -m long -p no:cacheprovider --durations=10 $(ARGS)

bench: .venv/ready-for-test ## how long things take, as ratios
	$(PYTHON) -m tests.bench $(ARGS)

screenshots: .venv/ready-for-test ## make screenshots/ again from the real program
	$(PYTHON) scripts/screenshots.py $(ARGS)

clean: ## remove what `make` made; what you built (build/) stays
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find wizard tests scripts -name __pycache__ -prune -exec rm -rf {} +

.venv/ready-for-run: $(SETUP)
	@scripts/setup.sh run

.venv/ready-for-test: $(SETUP)
	@scripts/setup.sh test

need-root:
	@[ "$$(id -u)" = 0 ] || command -v sudo >/dev/null || \
	{ echo "the tests that build need root, and there is no sudo: as root, make test; make check needs neither" >&2; exit 3; }
