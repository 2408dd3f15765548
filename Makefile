# Two commands: `make run` shows a network at work, `make test` says whether all of it is right.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
STATE ?= var

.PHONY: run test test-all tempest check bench golden docs migration venv clean

run: venv
	@$(PY) -m wovenet.embedded.install lab
	@exec $(VENV)/bin/wovenet up --state-dir $(STATE) --lab 2 --demo

test: venv
	@$(PY) tools/run_tests.py

test-all: test  ## and what takes hours: many long simulations, on every database
	@$(PY) tools/run_tests.py long

check: venv  ## what needs no service: lint, types, contracts, habits
	@$(PY) tools/run_tests.py check

tempest: venv  ## Tempest's tests of the network API, with a real Keystone; writes docs/reference/tempest.md
	@$(PY) -m wovenet.embedded.install lab
	@$(PY) -m tests.tempest

bench: venv
	@$(PY) -m wovenet.embedded.install lab
	@$(PY) -m bench $(BENCH)

golden: venv  ## rewrite the expected rows; review reads the difference
	@$(PY) -m pytest tests/golden --rewrite

docs: venv  ## rewrite the generated reference
	@$(PY) tools/gen_reference.py

migration: venv  ## make migration m="what changes"
	@$(PY) -m wovenet.store.migrations new "$(m)"

venv:
	@tools/bootstrap.sh $(VENV)

clean:
	rm -rf $(VENV) var build *.egg-info
