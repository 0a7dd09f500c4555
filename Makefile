# A wrapper: README.md gives the plain commands, for a machine without make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDY ?= data/raw/demo
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := False
export DAGSTER_HOME := $(CURDIR)/.dagster

.PHONY: bilan test dev notebooks check quarto bench bench-stats demo lock clean

bilan: $(VENV)/.ready ## run the pipeline on STUDY and write the bilan
	@$(BIN)/bilan run $(STUDY)

test: $(VENV)/.ready ## the whole test suite
	@$(BIN)/python -m pytest

dev: $(VENV)/.ready ## Dagster UI on 127.0.0.1:3000
	@BILAN_STUDY=$(STUDY) $(BIN)/dg dev --host 127.0.0.1 --port 3000

notebooks: $(VENV)/.ready ## JupyterLab on 127.0.0.1, without its news and update checks
	@$(BIN)/jupyter lab --ip 127.0.0.1 --notebook-dir notebooks --LabApp.news_url=None --LabApp.extension_manager=readonly \
	  --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

check: $(VENV)/.ready ## lint and types
	@$(BIN)/ruff check . && $(BIN)/mypy

quarto: $(VENV)/.ready ## install Quarto, where the open Internet is reachable
	@$(BIN)/python -m pip install "quarto-cli>=1.8"

bench: $(VENV)/.ready ## times and memory beside plain scripts, and what becomes of spoilt files: minutes
	@$(BIN)/python -m tests.bench && $(BIN)/python -m tests.bench_ingest && $(BIN)/python -m tests.bench_survey && \
	  $(BIN)/python -m tests.fuzz

bench-stats: $(VENV)/.ready ## coverage and false « atteint » on simulated studies, planted truths: minutes on two cores
	@$(BIN)/python -m tests.bench_stats --write
	@$(BIN)/python -m tests.truths --write

demo: $(VENV)/.ready ## write the demonstration study again
	@$(BIN)/bilan demo --out data/raw/demo

lock: ## resolve the dependencies again (needs uv)
	@uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-strip-extras \
	  --custom-compile-command "make lock" --extra dev pyproject.toml -o requirements.lock --upgrade -q

clean: ## remove everything that is rebuilt
	@rm -rf data/processed reports/_site reports/_build $(VENV)

# uv when it is there, else venv + pip: the same lock, the same hashes.
$(VENV)/.ready: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock (a few minutes the first time)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --clear --seed -p $(PYTHON) $(VENV) && \
	  uv pip install -q -p $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock && \
	  uv pip install -q -p $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install -q --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e . && \
	  { $(BIN)/python -m compileall -q $(VENV)/lib >/dev/null || true; } ; \
	fi
	@$(BIN)/python -c "import pipelines" && touch $@
