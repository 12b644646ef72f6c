# Two commands do everything on a fresh Debian machine with Python 3.11: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo run serve test check bench chaos train notebooks record install lock clean

install: $(READY)

$(READY): requirements.lock pyproject.toml setup.py pipeline/text/decoder.c
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

demo: $(READY)          ## the whole line on the fictional press, then the console; ONCE=1 ends after the digest
	$(BIN)/diembao demo $(if $(ONCE),--once)

run: $(READY)           ## one cycle over sources.toml
	$(BIN)/diembao run

serve: $(READY)         ## console and schedule
	$(BIN)/diembao serve

test: $(READY)          ## every test
	$(BIN)/python -m pytest

check: $(READY)         ## style, types, layers, fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m "not slow"

bench: $(READY)         ## speeds as ratios against a peer in the same run
	$(BIN)/python -m tests.bench

chaos: $(READY)         ## kill -9 at random points of a crawl, 200 times; SEED= repeats a run
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED))

GOLD ?= $(wildcard ../shared/gold/dev.jsonl)
train: $(READY)         ## models/seed -> models/current
	$(BIN)/diembao train $(foreach file,$(sort $(wildcard models/seed/*.jsonl)),--data $(file)) --output models/current $(if $(GOLD),--gold $(GOLD))

notebooks: $(READY)     ## run every notebook on the snapshot of the demonstration press
	$(BIN)/diembao demo --once
	$(BIN)/python -m notebooks.run

record: $(READY)        ## a real page of SOURCE=id (or its URL=) for tests/text/test_recorded.py, never committed
	$(BIN)/python -m tests.record "$(SOURCE)" $(if $(URL),--url "$(URL)")

lock: $(READY)          ## write down what is installed
	$(BIN)/python -m pip freeze --all --exclude pip --exclude-editable > requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info pipeline/text/*.so
