# The daily commands. Each is one line that can be typed by hand as well.
VENV = .venv/bin

.PHONY: help env hooks serve demo test long fast lint format types audit bench screens declarations coverage release clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

env: .venv/ready  ## the environment, with all that the tests need
.venv/ready: setup.cfg constraints.txt
	python3 -m venv .venv && $(VENV)/pip install -q -e '.[test]' -c constraints.txt && touch .venv/ready

hooks: env  ## check style, types and links at each commit
	$(VENV)/pip install -q pre-commit && $(VENV)/pre-commit install

serve: env  ## the server on a SQLite file in this folder
	$(VENV)/pedidos serve

demo: env  ## a believable day on a throw-away database
	$(VENV)/pedidos demo

test: env  ## what a change is tried with, in minutes
	$(VENV)/pytest

long: env  ## the slow tests too
	$(VENV)/pytest -m ''


fast: env  ## what needs no browser and no second: the rules without a server
	$(VENV)/pytest tests/unit tests/contract

lint: env  ## style, and common mistakes
	$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/bandit -q -r pedidos_server gunicorn.conf.py wsgi.py

format: env  ## put the code in its form
	$(VENV)/ruff check --fix . && $(VENV)/ruff format .

types: env  ## mypy --strict; and over tests and bench
	$(VENV)/mypy && $(VENV)/mypy -p tests -p bench

audit: env  ## known weaknesses of the packages installed
	$(VENV)/python .ci/audit.py

bench: env  ## every figure of docs/performance.md; --row NAME for one: make bench ROW=latency-1000
	$(VENV)/python -m bench $(if $(ROW),--row $(ROW))

screens: env  ## the pictures in docs/
	$(VENV)/python -m tests.browser.screenshots

declarations: env  ## static/types/, from the modules' JSDoc
	$(VENV)/python -m tests.support.npm_workspace

coverage: env  ## how much of the server its own tests reach (with Python 3.12 or newer)
	$(VENV)/coverage run -m pytest tests/unit tests/contract tests/test_*.py; $(VENV)/coverage combine -q && $(VENV)/coverage report

release: env  ## the packages, built and checked (CONTRIBUTING.md has the rest of the recipe)
	$(VENV)/pip install -q build twine && rm -rf dist build && $(VENV)/python -m build && $(VENV)/twine check --strict dist/*

clean:  ## what can be made again
	rm -rf .venv .venv-* build dist .coverage *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
