# Every target makes and reuses .venv by itself, with plain pip. `make demo` is the place to start.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
KAFKA  := deploy/kafka/broker.sh

.PHONY: demo test check bench fuzz simulate soak mutants kafka-up kafka-down install

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (half a minute, once) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(STAMP)

demo: $(STAMP)              ## the whole system on synthetic data, in under a minute
	@$(BIN)/crosscheck demo $(ARGS)

test: $(STAMP)              ## everything, on the embedded log and on a real Kafka broker
	@$(BIN)/python -m pytest -n 3 --maxschedchunk 1 $(ARGS)

check: $(STAMP)             ## lint, types, dependency direction, the catalogs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/crosscheck check
	@$(BIN)/crosscheck check --catalog city

bench: $(STAMP)             ## measure, and rewrite the table in tests/bench/README.md
	@$(BIN)/python -m tests.bench.run $(ARGS)

fuzz: $(STAMP)              ## random rules and histories: stream = SQL = naive reference (FUZZ_EXAMPLES=2000)
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(BIN)/python -m pytest --timeout 0 tests/differential $(ARGS)

simulate: $(STAMP)          ## the whole system in seeded histories without a broker or a disk (ARGS="--histories 100000")
	@$(BIN)/python -m tests.simulation.run $(if $(ARGS),$(ARGS),--histories 10000)

soak: $(STAMP)              ## publish without a pause while workers (and Kafka) are killed (ARGS="--broker kafka --kills 100")
	@$(BIN)/python -m tests.soak.run $(ARGS)

mutants: $(STAMP)           ## every mistake that could be made in the evaluator: does a test fail?
	@$(BIN)/python -m tests.mutation.run $(ARGS)

kafka-up:                   ## a real broker on 127.0.0.1 (PORT=9092, DIR=.kafka)
	@$(KAFKA) start

kafka-down:                 ## stop it
	@$(KAFKA) stop
