# `make demo` and `make test` are all that is needed on a fresh machine: they make .venv,
# install what is pinned in constraints.txt, and run. A second run reuses it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PINS := -c constraints.txt
EXTRAS := audit,cloud,diffusers,gateway,heic,imwatermark,metrics,otel,pkcs11,postgres,query,ray,report,torch

.DEFAULT_GOAL := help
.PHONY: help demo test lint format docs golden bench soak clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# --- environment ------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt $(wildcard provenance/kernels/*.[ch])
	$(PIP) install $(PINS) -e '.[imwatermark]'
	@touch $@

# pdqhash has no wheels: where there is no C++ compiler it is left out, and the one test
# that compares with it live says so when it is skipped.
$(VENV)/.dev: $(VENV)/.demo
	$(PIP) install $(PINS) -e '.[$(EXTRAS),dev]'
	@$(PIP) install $(PINS) pdqhash >$(VENV)/pdqhash.log 2>&1 \
		|| echo "note: pdqhash could not be built (see $(VENV)/pdqhash.log); its test is skipped"
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) install $(PINS) -e '.[$(EXTRAS),bench,dev]'
	@touch $@

# --- what people run --------------------------------------------------------------

demo: $(VENV)/.demo ## Stamp sample pictures, leak them, trace the leaks
	$(BIN)/python samples/demo.py

test: $(VENV)/.dev lint ## Run lint and all tests
	$(BIN)/python -m pytest -n 2 -q

lint: $(VENV)/.dev ## ruff, mypy, import contracts, generated documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache | tail -n 4
	$(BIN)/python docs/catalogues.py --check
	$(BIN)/python docs/generate.py --check

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev ## Regenerate the catalogues and the generated documentation
	$(BIN)/python docs/catalogues.py
	$(BIN)/python docs/generate.py

golden: $(VENV)/.dev ## Regenerate golden files; read the diff before you commit it
	PYTHONPATH=tests $(BIN)/python tests/golden/regenerate.py

bench: $(VENV)/.bench ## Measure in minutes; prints machine, versions and n
	$(BIN)/python -m benchmarks.cli_start
	$(BIN)/python -m benchmarks.markers
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.pipeline
	rm -rf build/bench
	$(BIN)/python -m benchmarks.watermark run --quick --jobs 1 --out build/bench
	$(BIN)/python -m benchmarks.watermark report build/bench --out build/bench/report.md
	$(BIN)/python -m benchmarks.content_match attacks
	$(BIN)/python -m benchmarks.content_match scale --images 1 --others 20 --layouts 2 --checks 2 \
		--work build/bench/content
	$(BIN)/python -m benchmarks.release_kills
	$(BIN)/python -m benchmarks.registry search
	$(BIN)/python -m benchmarks.log
	$(BIN)/python -m benchmarks.stamp_files
	$(BIN)/python -m benchmarks.gateway

# HELD_OUT names a folder that `benchmarks.content_match collect` made; without it the held-out
# part of the content match is left out.
soak: $(VENV)/.bench ## Measure everything, in hours; goes on where it was stopped
	$(BIN)/python -m benchmarks.watermark run --jobs 2 --out build/soak
	$(BIN)/python -m benchmarks.watermark report build/soak --out benchmarks/results/watermark.md
	$(BIN)/python -m benchmarks.watermark null --jobs 2 --out build/soak/null
	$(BIN)/python -m benchmarks.watermark timing --out build/soak/timing.md
	$(BIN)/python -m benchmarks.content_match scale --work build/soak/content \
		$(if $(HELD_OUT),--held-out $(HELD_OUT)) --out build/soak/content-scale.md \
		--list benchmarks/results/content-match-pictures.txt
	$(BIN)/python -m benchmarks.content_match attacks --images 0 --others 10 --layouts 12 \
		--out build/soak/content-attacks.md
	cat build/soak/content-scale.md build/soak/content-attacks.md \
		>benchmarks/results/content-match.md
	$(BIN)/python -m benchmarks.release_kills --kills 1000 \
		--out benchmarks/results/release-kills.md
	$(BIN)/python -m benchmarks.guard --files 200000
	$(BIN)/python -m benchmarks.registry search --hashes pictures
	$(BIN)/python -m benchmarks.registry search --records 10000000 --no-peers --checked 5
	$(BIN)/python -m benchmarks.registry store
	$(BIN)/python -m benchmarks.audit.ray_kills --kills 20 > benchmarks/results/audit-ray.txt
	$(BIN)/python -m benchmarks.audit.acceptance build/soak/audit --out benchmarks/results/audit.md
	$(BIN)/python -m benchmarks.audit.kills build/soak/audit-kills

clean: ## Remove the environment, caches and the demo's output
	rm -rf $(VENV) demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
