# Works on a machine with nothing but Python 3.10 or later (and its venv module).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.installed
STAMP := $(VENV)/.installed-test
DEMO_DB := demo/platform.db
DEMO_QUERIES := demo/platform.queries.jsonl
VISITS := demo/visits.jsonl
LOCUST := bench/work/locust

.PHONY: demo test test-all lint docs browser bench-http clean

$(BASE): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[embedded,example]'
	touch $@

$(STAMP): $(BASE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,lint,docs]'
	touch $@

# The shell's own settings steer no target: with a DATABASE_URL the demo would move its data there.
unexport DATABASE_URL PLATFORM_DB PLATFORM_FIXED PLATFORM_HOOK
unexport $(filter-out DBTUNE_TEST_%,$(filter DBTUNE_%,$(.VARIABLES)))

STEP = @printf '\n== %s\n\n'
# A report begins with its verdict; the lines that a screen has no room for are in the file.
BEGINNING = @awk 'NR <= 30; END { if (NR > 30) print "  ... and " NR - 30 " lines more in " FILENAME }'

# Builds a slow database, runs its application (examples/platform) and records it with no change to
# its code, finds N+1, loads it; finds out why the database is slow, fixes it, prints before and
# after, and moves it to an embedded PostgreSQL, where its recorded queries are tried.
demo: $(BASE)
	@rm -f demo/before.json demo/applied.json
	@if [ -d demo/platform.pgdata ]; then $(BIN)/dbtune embedded stop demo/platform.pgdata > /dev/null; fi
	@rm -rf demo/platform.pgdata
	$(STEP) '1. A booking platform that has grown slow'
	$(BIN)/dbtune demo demo
	$(STEP) '2. Its application is visited and recorded, with no change to its code'
	PLATFORM_DB=$(DEMO_DB) $(BIN)/dbtune record --params --overwrite --output $(VISITS) -- \
		$(BIN)/python examples/platform/visit.py
	$(STEP) '3. Where its time goes'
	$(BIN)/dbtune queries $(VISITS) --limit 3
	$(STEP) '4. Which line sends a query for each row, and what mends it'
	$(BIN)/dbtune analyze $(DEMO_DB) --queries $(VISITS) --output demo/visits.json \
		> demo/visits.txt
	$(BIN)/python examples/findings.py demo/visits.json n-plus-one 3
	$(STEP) '5. What 5, 50 and 200 visitors at once get, as it is and with what dbtune advises'
	$(BIN)/dbtune bench $(DEMO_DB) --queries $(VISITS) --with-indexes demo/visits.json \
		--config rollback --config wal+hook --clients 5,50,200 --duration 2 \
		--output demo/load.json
	$(STEP) '6. Five days of all that the platform sends: why it is slow'
	$(BIN)/dbtune analyze $(DEMO_DB) --queries $(DEMO_QUERIES) \
		--consider demo/hand_written_indexes.sql --output demo/before.json > demo/before.txt
	$(BEGINNING) demo/before.txt
	$(STEP) '7. The indexes that pay are created'
	$(BIN)/dbtune apply-indexes $(DEMO_DB) --from demo/before.json --queries $(DEMO_QUERIES) --yes \
		--output demo/applied.json > demo/applied.txt
	$(BEGINNING) demo/applied.txt
	$(STEP) '8. WAL is switched on'
	$(BIN)/dbtune enable-wal $(DEMO_DB) --yes
	$(STEP) '9. Before and after'
	$(BIN)/python examples/before_and_after.py demo/applied.json
	$(STEP) '10. It moves to PostgreSQL, and its queries are tried there'
	cd demo && $(abspath $(BIN))/dbtune migrate-to-postgres platform.db \
		--check-queries platform.queries.jsonl --output migrated.json > migrated.txt
	$(BEGINNING) demo/migrated.txt
	$(BIN)/dbtune embedded stop demo/platform.pgdata
	$(STEP) '11. All of it as one page, to look at in a browser'
	cd demo && $(abspath $(BIN))/dbtune report applied.json load.json migrated.json --output report.html
	$(STEP) 'Done: open demo/report.html. As text: visits.txt, before.txt, applied.txt, migrated.txt there'

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-all: $(STAMP)
	$(BIN)/python -m pytest -n 2

# What the tests in a browser need; without it they skip, and say so.
browser:
	@command -v chromium > /dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update --quiet && apt-get install --quiet --yes chromium npm; \
	else echo 'Install Chromium and npm first, such as: sudo apt-get install chromium npm' >&2; fi
	@if command -v npm > /dev/null; then npm ci --prefix tests/browser --no-audit --no-fund; \
	else echo 'Install npm first: it brings axe-core to tests/browser' >&2; fi

# In an environment of its own: it brings gevent, which is nobody's business here.
$(LOCUST)/bin/locust:
	$(PYTHON) -m venv $(LOCUST)
	$(LOCUST)/bin/python -m pip install --quiet --disable-pip-version-check 'locust>=2.30'

# The example application over HTTP, at 50, 100 and 500 users, from untouched to PostgreSQL.
bench-http: $(BASE) $(LOCUST)/bin/locust
	$(BIN)/python bench/http/run.py --output bench/results/http.md

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site of docs/: a dead link or anchor fails. tests/test_site.py builds it too.
docs: $(STAMP)
	$(BIN)/sphinx-build -M html . docs/_build -c docs --fail-on-warning --keep-going --nitpicky --quiet
	@echo 'docs/_build/html/docs/index.html'

clean:
	rm -rf $(VENV) demo build dist docs/_build *.egg-info
