"""The same database and recording give the same report, but for what a clock measured."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command
from tests.unit.advisor.test_stability import DDL, RECORDED
from tests.unit.advisor.workbench import build

# What a name of a figure has in it where a clock measured it.
_OF_A_CLOCK = ("time", "seconds", "created_at", "elapsed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop and a recording whose values come partly from the recording, partly from the copy."""
    folder = tmp_path_factory.mktemp("same")
    build(folder / "shop.db", *DDL)
    lines = [{"db.query.text": sql, "count": count} for sql, count in RECORDED.items()]
    lines += [
        {"db.query.text": "SELECT id FROM orders WHERE state = ? AND sum > ?", "count": 70},
        {"db.query.text": "SELECT id FROM users WHERE own(email) = 1 AND city = 'c1'", "count": 9},
        {"db.query.text": "SELECT * FROM far.things", "count": 9},
        {"db.query.text": "CREATE TEMP TABLE t AS SELECT id FROM users WHERE seen = 5", "count": 9},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "shop.jsonl").write_text(text, encoding="utf-8")
    return folder


def analyzed(folder: Path, seed: int, *arguments: str) -> str:
    """Run the installed command with another order of Python's sets, and return its stdout."""
    done = subprocess.run(
        [dbtune_command(), "analyze", "shop.db", "--queries", "shop.jsonl", *arguments],
        cwd=folder,
        env={**clean_environment(), "PYTHONHASHSEED": str(seed)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_times(document: object) -> object:
    """Return the document without what a clock measured: keys, and evidence of that name."""
    if isinstance(document, dict):
        if _is_time(str(document.get("name", ""))):
            return None
        return {k: without_times(v) for k, v in document.items() if not _is_time(k)}
    if isinstance(document, list):
        return [without_times(part) for part in document]
    return document


def _is_time(name: str) -> bool:
    return any(word in name for word in _OF_A_CLOCK)


def test_two_processes_report_the_same(folder: Path) -> None:
    """Byte for byte, whatever order their sets have."""
    one, other = (json.loads(analyzed(folder, seed, "--json")) for seed in (1, 20240229))
    assert without_times(one) != one
    assert json.dumps(without_times(one)) == json.dumps(without_times(other))


def test_two_processes_write_the_same_sql(folder: Path) -> None:
    """Names and order of the indexes too."""
    assert analyzed(folder, 7, "--sql") == analyzed(folder, 4711, "--sql") != ""
