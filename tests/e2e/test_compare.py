"""`dbtune compare`: what got worse between two reports or two databases is found, and no more."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from dbtune.benchmark.regressions import GateLimits
from dbtune.journeys.compare import RunOptions, compare_databases
from dbtune.model.comparison import COUNTERS
from tests.fixtures.hostile import build_more
from tests.fixtures.shop import build_shop

Run = Callable[..., "subprocess.CompletedProcess[str]"]

QUERIES = (
    "SELECT id FROM orders WHERE user_id = 7 ORDER BY created_at DESC",
    "SELECT count(*) FROM orders WHERE status = 'open'",
    "SELECT name FROM users WHERE id = 3",
    "INSERT INTO orders (user_id, status) VALUES (7, 'new')",
)


def record(path: Path, *, calls: int) -> Path:
    """Write four requests of one route that each send its first query so many times."""
    lines = [
        {"db.query.text": text, "request_id": f"r{request}", "route": "GET /orders"}
        for request in range(4)
        for text in (*QUERIES, *QUERIES[:1] * (calls - 1))
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small shop's database beside a recording of its queries."""
    record(tmp_path / "queries.jsonl", calls=20)
    return build_shop(tmp_path / "base.db")


@pytest.fixture
def head(shop: Path) -> Path:
    """A copy of the shop's database, to make worse."""
    return shutil.copyfile(shop, shop.with_name("head.db"))


def analyzed(run_dbtune: Run, database: Path, queries: str, report: str) -> None:
    """Write the report of a database and a recording."""
    result = run_dbtune("analyze", database, "--queries", queries, "--output", report)
    assert result.returncode == 0, result.stderr


def test_more_queries_a_request_end_with_one(run_dbtune: Run, shop: Path) -> None:
    """The route and both counts are named, and reports of the same recording pass."""
    record(shop.with_name("more.jsonl"), calls=24)
    analyzed(run_dbtune, shop, "queries.jsonl", "base.json")
    analyzed(run_dbtune, shop, "more.jsonl", "head.json")
    worse = run_dbtune("compare", "base.json", "head.json")
    assert worse.returncode == 1, worse.stderr
    assert "queries    23    27   +17 %  GET /orders" in worse.stdout
    assert run_dbtune("compare", "base.json", "base.json").returncode == 0
    assert run_dbtune("compare", "head.json", "base.json").returncode == 0
    allowed = run_dbtune("compare", "base.json", "head.json", "--max-regress", "20%")
    assert allowed.returncode == 0, allowed.stdout


def test_a_run_takes_what_was_recorded_of_the_database(
    run_dbtune: Run, shop: Path, head: Path
) -> None:
    """Under base's name or as it is told, and says what it left out."""
    lines = [
        {"db.query.text": QUERIES[0], "db.namespace": "/srv/shop.db"},
        {"db.query.text": QUERIES[1], "db.namespace": "/srv/jobs.db"},
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines) + '{"cut'
    shop.with_name("two.jsonl").write_text(text, encoding="utf-8")
    arguments = ("compare", "--run", shop, head, "--queries", "two.jsonl", "--metric", "steps")
    refused = run_dbtune(*arguments)
    assert refused.returncode == 2
    assert "--recorded-as" in refused.stderr
    done = run_dbtune(*arguments, "--recorded-as", "shop.db", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [found["text"] for found in document["differences"]] == [QUERIES[0]]
    told = " ".join(document["notes"])
    assert "statements of other databases left out: 1 (/srv/jobs.db)" in told
    assert "two.jsonl line 3: it is not JSON" in told


def test_a_lost_index_is_found_in_two_reports(run_dbtune: Run, shop: Path, head: Path) -> None:
    """The scan, the plan and both counters of the query it served, as text and as JSON."""
    build_more(head, "DROP INDEX ix_orders_status", "DROP INDEX ix_orders_status_2")
    analyzed(run_dbtune, shop, "queries.jsonl", "base.json")
    analyzed(run_dbtune, head, "queries.jsonl", "head.json")
    result = run_dbtune("compare", "base.json", "head.json", "--output", "comparison.json")
    assert result.returncode == 1
    assert "now reads orders from end to end" in result.stdout
    document = json.loads((shop.parent / "comparison.json").read_text(encoding="utf-8"))
    worse = [d["metric"] for d in document["differences"] if d["outcome"] == "regression"]
    assert worse == ["scans", "plans", "steps", "fetches"]
    assert document["regressed"] is True
    printed = run_dbtune("compare", "base.json", "head.json", "--json")
    assert json.loads(printed.stdout)["counts"] == document["counts"]


def test_two_databases_are_only_read(run_dbtune: Run, shop: Path, head: Path) -> None:
    """The recording, an INSERT among it, runs on copies; what a lost index costs is found."""
    build_more(head, "DROP INDEX ix_orders_status", "DROP INDEX ix_orders_status_2")
    before = [sha256(path.read_bytes()).digest() for path in (shop, head)]
    arguments = ("compare", "--run", shop, head, "--queries", "queries.jsonl")
    result = run_dbtune(*arguments, "--metric", "scans,steps")
    assert result.returncode == 1, result.stderr
    assert "now reads orders from end to end" in result.stdout
    assert [sha256(path.read_bytes()).digest() for path in (shop, head)] == before
    assert sorted(p.name for p in shop.parent.glob("*.db*")) == ["base.db", "head.db"]


def test_times_are_taken_by_turns(run_dbtune: Run, shop: Path) -> None:
    """Of each read that runs to its end there is an interval; a database is as fast as itself."""
    arguments = ("compare", "--run", shop, shop, "--queries", "queries.jsonl", "--json")
    document = json.loads(run_dbtune(*arguments, "--max-regress", "100%").stdout)
    timed = [d for d in document["differences"] if d["metric"] == "time"]
    assert len(timed) == 3
    assert all(d["interval"]["low"] <= d["ratio"] <= d["interval"]["high"] for d in timed)
    assert document["regressed"] is False


def test_a_hundred_runs_on_the_same_raise_no_alarm(shop: Path, head: Path) -> None:
    """Counters are the same on every run: each comparison finds all of them unchanged."""
    options = RunOptions((str(shop.with_name("queries.jsonl")),), time_limit_seconds=60)
    for _ in range(100):
        comparison = compare_databases(shop, head, options, GateLimits(COUNTERS, 0.0))
        assert {d.outcome for d in comparison.differences} == {"unchanged"}


def test_a_table_twelve_percent_longer_is_found(shop: Path, head: Path) -> None:
    """A scan of it takes twelve percent more steps and pages, with a limit of ten."""
    with closing(sqlite3.connect(head)) as connection, connection:
        connection.execute(
            "INSERT INTO orders (user_id, status, note, created_at)"
            " SELECT user_id + 1000, status, note, created_at FROM orders WHERE id % 25 < 3"
        )
    options = RunOptions((str(shop.with_name("queries.jsonl")),), time_limit_seconds=60)
    comparison = compare_databases(shop, head, options, GateLimits(("steps", "fetches"), 0.1))
    by_user = [d for d in comparison.of("regression") if "user_id = 7" in d.text]
    assert [d.metric for d in by_user] == ["steps", "fetches"]
    assert all(1.1 < (d.ratio or 0) < 1.13 for d in by_user)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("base.db", "base.db"), 2, "base.db is a database, not a report"),
        (("missing.json", "missing.json"), 2, "missing.json does not exist"),
        (("queries.jsonl", "queries.jsonl"), 2, "queries.jsonl is a recording, not a report"),
        (("--run", "base.db", "base.db"), 2, "--run needs --queries"),
        (("--run", "base.db", "missing.db", "--queries", "queries.jsonl"), 3, "missing.db"),
        (("--run", "base.db", "queries.jsonl", "--queries", "queries.jsonl"), 3, "queries.jsonl"),
        (("--run", "base.db", "base.db", "--queries", "missing.jsonl"), 2, "missing.jsonl"),
        (("a", "b", "--queries", "queries.jsonl"), 2, "--queries goes with --run"),
        (("a", "b", "--metric", "time"), 2, "--metric time needs --run"),
        (("a", "b", "--metric", "tempo"), 2, "'tempo' is none of"),
        (("a", "b", "--max-regress", "12"), 2, "did you mean 12%?"),
        (("a", "b", "--max-regress", "much"), 2, "'much' is not a percentage"),
        (("a", "b", "--max-regress", "-1%"), 2, "not 0 % or more"),
        (("a", "b", "--max-regress", "nan%"), 2, "not 0 % or more"),
        (("base.db", "base.db", "--output", "base.db"), 5, "is a database"),
        (("a", "queries.jsonl", "--output", "queries.jsonl"), 5, "is one of the reports"),
    ],
)
def test_what_cannot_be_compared_is_told(
    run_dbtune: Run, shop: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """With what was given and what to give instead."""
    result = run_dbtune("compare", *arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr


def test_reports_without_anything_in_common_are_refused(run_dbtune: Run, shop: Path) -> None:
    """Nothing compared is not nothing found."""
    plain = run_dbtune("analyze", shop, "--output", "plain.json")
    assert plain.returncode == 0, plain.stderr
    result = run_dbtune("compare", "plain.json", "plain.json")
    assert (result.returncode, result.stdout) == (2, "")
    assert "nothing in common" in result.stderr


def test_databases_on_which_nothing_runs_are_refused(run_dbtune: Run, shop: Path) -> None:
    """A recording of another application says nothing of these."""
    (shop.parent / "other.sql").write_text("SELECT 1 FROM nowhere;\n", encoding="utf-8")
    result = run_dbtune("compare", "--run", shop, shop, "--queries", "other.sql")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no query of the recording runs on both" in result.stderr
