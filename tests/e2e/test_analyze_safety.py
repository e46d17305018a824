"""What `dbtune analyze` does to the file it looks at, and leaves behind: nothing."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import RunDbtune, clean_environment, dbtune_command

ROWS = 20_000
QUERIES = """\
SELECT * FROM orders WHERE customer_id = 17 ORDER BY placed_at DESC LIMIT 10;
SELECT * FROM orders WHERE customer_id = 99 ORDER BY placed_at DESC LIMIT 10;
SELECT count(*) FROM orders WHERE status = 'open';
INSERT INTO orders (customer_id, status, placed_at) VALUES (1, 'open', '2026-01-01');
DELETE FROM orders WHERE id = 5;
ATTACH 'stolen.db' AS stolen;
PRAGMA journal_mode = WAL;
VACUUM INTO 'stolen.db';
CREATE TABLE planted (a);
SELECT * FROM no_such_table;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop with one large table, a recording beside it, and a folder of its own."""
    folder = tmp_path / "shop"
    folder.mkdir()
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, status TEXT,"
            " placed_at TEXT, note TEXT)"
        )
        connection.executemany(
            "INSERT INTO orders (customer_id, status, placed_at, note) VALUES (?, ?, ?, ?)",
            [
                (n % 500, "open" if n % 50 == 0 else "done", f"2026-01-{n % 28 + 1:02}", "x" * 60)
                for n in range(ROWS)
            ],
        )
        connection.commit()
    (tmp_path / "queries.sql").write_text(QUERIES)
    return path


def test_the_file_and_its_folder_are_unchanged(shop: Path, run_dbtune: RunDbtune) -> None:
    """Not a byte of the database differs, and no file is left beside it."""
    before = _digest(shop)
    result = run_dbtune("analyze", shop, "--queries", "queries.sql", "--json")
    assert result.returncode == 0, result.stderr
    assert _digest(shop) == before
    assert os.listdir(shop.parent) == ["shop.db"]
    assert not list(shop.parent.parent.glob("stolen.db"))
    report = json.loads(result.stdout)
    assert any(f["code"] == "missing-index" for f in report["findings"])
    unplannable = [f for f in report["findings"] if f["code"] == "unplannable-query"]
    assert any("no_such_table" in json.dumps(finding) for finding in unplannable)


def test_a_live_wal_keeps_every_byte(shop: Path, run_dbtune: RunDbtune) -> None:
    """Rows that are only in the -wal are seen, and the -wal is not checkpointed."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("UPDATE orders SET note = 'changed' WHERE id < 100")
        wal = shop.with_name("shop.db-wal")
        before = _digest(shop), _digest(wal)
        result = run_dbtune("analyze", shop, "--queries", "queries.sql")
        assert result.returncode == 0, result.stderr
        assert (_digest(shop), _digest(wal)) == before


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_it_works_beside_a_writing_application(
    shop: Path, run_dbtune: RunDbtune, mode: str
) -> None:
    """The application commits all the while, and no commit of it fails."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    done = threading.Event()
    outcome: list[object] = []

    def write() -> None:
        with closing(sqlite3.connect(shop, timeout=30, isolation_level=None)) as connection:
            commits = 0
            while not done.is_set():
                connection.execute("UPDATE orders SET status = status WHERE id = 7")
                commits += 1
                time.sleep(0.02)  # an application that also thinks
            outcome.append(commits)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        result = run_dbtune("analyze", shop, "--queries", "queries.sql")
    finally:
        done.set()
        writer.join()
    assert result.returncode == 0, result.stderr
    assert outcome and isinstance(outcome[0], int) and outcome[0] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_scratch_folder_goes_when_it_is_interrupted(
    shop: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    """Ctrl-C and kill -TERM end with 130 and leave no copy of the data."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n;"
    (tmp_path / "queries.sql").write_text(QUERIES + endless * 20)
    arguments = ("analyze", shop, "--queries", "queries.sql", "--scratch", scratch)
    with subprocess.Popen(
        [dbtune_command(), *map(str, arguments)],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in _until(lambda: any(scratch.rglob("*.db")) or process.poll() is not None):
            pass
        process.send_signal(sent)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list(scratch.iterdir()) == []


def test_a_small_room_makes_it_sample_and_say_so(shop: Path, run_dbtune: RunDbtune) -> None:
    """--scratch-mb below what a copy takes samples the large table and names the share."""
    result = run_dbtune("analyze", shop, "--queries", "queries.sql", "--scratch-mb", "5", "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert any("orders" in line and "%" in line for line in report["not_checked"])


def test_no_gain_is_enough_for_a_ratio_of_one(shop: Path, run_dbtune: RunDbtune) -> None:
    """--min-gain 1 asks every index to save all of a query's cost, which none does."""
    result = run_dbtune("analyze", shop, "--queries", "queries.sql", "--min-gain", "1", "--sql")
    assert result.returncode == 0, result.stderr
    assert "CREATE INDEX" not in result.stdout


def test_the_budget_holds(shop: Path, run_dbtune: RunDbtune) -> None:
    """The indexes advised take no more than --budget-mb together."""
    result = run_dbtune("analyze", shop, "--queries", "queries.sql", "--budget-mb", "0.1", "--json")
    findings = json.loads(result.stdout)["findings"]
    sizes = [f["evidence"]["size_bytes"] for f in findings if f["code"] == "missing-index"]
    assert sum(sizes) <= 100_000


def test_a_proposal_is_judged(shop: Path, tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """--consider tells the useful index from the useless one and from one that cannot be built."""
    (tmp_path / "proposed.sql").write_text(
        "CREATE INDEX useful ON orders (customer_id);\n"
        "CREATE INDEX useless ON orders (note);\n"
        "CREATE INDEX IF NOT EXISTS impossible ON nothing (a);\n"
    )
    result = run_dbtune(
        "analyze", shop, "--queries", "queries.sql", "--consider", "proposed.sql", "--json"
    )
    assert result.returncode == 0, result.stderr
    judged = {c["name"]: c for c in json.loads(result.stdout)["considered"]}
    assert judged["useful"]["used_by"] and judged["useful"]["gain_ratio"] > 0
    assert judged["useless"]["used_by"] == [] and judged["useless"]["note"]
    assert judged["impossible"]["used_by"] == [] and judged["impossible"]["note"]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _until(condition: object, seconds: float = 60) -> Iterator[None]:
    """Yield until the condition holds; fails after `seconds`."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
        yield
