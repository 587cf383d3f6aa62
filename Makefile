# Every command of the project. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run demo-call test check explore bench format venv lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: ## get what is missing and start the whole hotline; Ctrl-C stops it
	@exec bash scripts/run.sh

demo-call: ## call the running hotline as a citizen, from the command line
	@exec bash scripts/demo_call.sh

test: ## every check there is (about 20 minutes); sets itself up
	@exec bash scripts/test.sh all

check: ## the quick checks, for before each commit
	@exec bash scripts/test.sh quick

explore: ## tests with drawn examples, twenty times as many and others than `make test` tries
	@exec bash scripts/test.sh explore

bench: ## measure against a plain Asterisk queue; writes bench/results/latest.json
	@exec bash scripts/bench.sh

format: ## lay out the Python sources
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

venv: ## make .venv with everything that running and testing needs
	@bash scripts/make_venv.sh dev

lock: ## lock requirements/*.in anew
	@bash scripts/lock.sh

clean: ## remove what can be made again; calls, tickets and recordings in var/ stay
	@bash scripts/clean.sh
