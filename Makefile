# make signoff        the compliance sign-off, on the embedded account, by two processes; PLAN=walkthrough TARGET=local
#                     WORKERS=2 ARGS="-k limited"
# make baseline       the same, and its evidence becomes the baseline of later ones if it signs off:
#                     make signoff ARGS="--baseline=build/baseline/walkthrough"
# make test           the harness's own tests, on three processes: PROCESSES=3
# make check          lint, types, and who may import whom
# make report         the last sign-off as one HTML file that opens offline: build/allure-report/index.html
# make check-report   opens a red report in a headless Chromium and checks what it shows
# make check-oscal    exports the last sign-off as OSCAL and has compliance-trestle read it, in an environment of its own
# make mutants        weakens the plan's account in one place at a time, and sees which scenario says so; ALL=1 pairs too,
#                     STATE=FILE goes on where it stopped
# make bench          speed, as ratios measured in one run
# make soak           all soaks, long runs by a seed: SEED=1
# make soak-deaths    a sign-off killed after each step of its journal in turn, and destroyed; FIRST=1
# make soak-faults    the sign-off on an account that goes wrong, by many seeds, resumable; SEEDS=100
# make soak-orders    the sign-off again and again, each time in another order: ORDERS=50 SEED=1
# make soak-iam       IAM's evaluator beside its naive twin on generated requests; SEED=1 REQUESTS=100000
# make soak-walls     grown statements against both walls, each wall alone, and through boto3; SEED=1 STATEMENTS=200000
# make lock           rewrites requirements.txt from requirements.in
# make clean          removes everything the targets above made
# Each installs what it needs into .venv first; a machine with only python3 and make is enough.

PYTHON ?= python3
PLAN ?= walkthrough
TARGET ?= local
ARGS ?=
PROCESSES ?= 3
WORKERS ?= 2
TRESTLE := 3.12.4
SEED ?= 20261125
STATEMENTS ?= 200000
REQUESTS ?= 100000
SEEDS ?= 100
FIRST ?= 1
ALL ?=
STATE ?=
ORDERS ?= 50
BIN := .venv/bin
INSTALLED := .venv/.installed
NODE_INSTALLED := node_modules/.installed
COMPILE := pip-compile --quiet --strip-extras --allow-unsafe --no-header --no-emit-index-url --no-emit-find-links --no-emit-options

# Compiled modules are kept: without them each of a test run's hundred processes compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: signoff baseline test check report check-report check-oscal mutants bench soak soak-deaths soak-faults soak-iam soak-orders soak-walls lock clean
.DEFAULT_GOAL := signoff

signoff: $(INSTALLED)
	$(BIN)/pytest --plan=plans/$(PLAN).yaml --target $(TARGET) -n $(WORKERS) $(ARGS)

test: $(INSTALLED)
	$(BIN)/pytest tests -n $(PROCESSES) -p tests.schedule $(ARGS)

baseline: $(INSTALLED)
	$(BIN)/pytest --plan=plans/$(PLAN).yaml --target $(TARGET) -n $(WORKERS) --keep-baseline build/baseline/$(PLAN) $(ARGS)

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

report: $(NODE_INSTALLED)
	$(BIN)/python -m lakeproof.evidence.html_report

check-report: $(NODE_INSTALLED)
	$(BIN)/pytest tests/report/check_report.py $(ARGS)

check-oscal: $(INSTALLED)
	$(PYTHON) -m venv build/oscal-venv
	build/oscal-venv/bin/python -m pip install --quiet --disable-pip-version-check compliance-trestle==$(TRESTLE)
	rm -rf build/oscal
	$(BIN)/lakeproof evidence export build/evidence/$$(sed -n 's/^ "run_id": "\(.*\)",$$/\1/p' build/run.json) --format oscal --out build/oscal
	build/oscal-venv/bin/python tests/evidence/check_oscal.py build/oscal

mutants: $(INSTALLED)
	$(BIN)/python -m lakeproof.mutants --plan plans/$(PLAN).yaml $(if $(ALL),--pairs) $(if $(STATE),--state $(STATE)) $(ARGS)

bench: $(INSTALLED)
	$(BIN)/python -m tests.bench

soak: soak-walls soak-iam soak-faults soak-deaths soak-orders

soak-deaths: $(INSTALLED)
	$(BIN)/python -m tests.signoff.deaths --first $(FIRST)

soak-faults: $(INSTALLED)
	$(BIN)/python -m tests.faults.soak --seeds $(SEEDS)

soak-orders: $(INSTALLED)
	$(BIN)/python -m lakeproof.mutants --plan plans/$(PLAN).yaml --no-change $(ORDERS) --seed $(SEED)

soak-iam: $(INSTALLED)
	$(BIN)/python -m tests.iam.twin --seed $(SEED) --requests $(REQUESTS)

soak-walls: $(INSTALLED)
	$(BIN)/python -m tests.attacks.soak --seed $(SEED) --statements $(STATEMENTS)
	$(BIN)/python -m tests.attacks.soak --seed $(SEED) --statements $$(($(STATEMENTS) / 10)) --design "first wall alone"
	$(BIN)/python -m tests.attacks.soak --seed $(SEED) --statements $$(($(STATEMENTS) / 10)) --design "second wall alone"
	$(BIN)/python -m tests.attacks.soak --seed $(SEED) --statements $$(($(STATEMENTS) / 100)) --via boto3

lock: $(INSTALLED)
	$(BIN)/python -m pip install --quiet pip-tools==7.6.2
	$(BIN)/$(COMPILE) --output-file requirements.txt requirements.in

clean:
	rm -rf .venv node_modules build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Lakeproof needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the pinned requirements into .venv (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_INSTALLED): $(INSTALLED) package-lock.json
	@echo "installing Allure into node_modules (once)"
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --no-audit --no-fund --silent
	@touch $@
