"""The recorder runs on the application's Python, which need not be dbtune's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.recorder.programs import hear

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PROGRAM = """
import warnings
warnings.simplefilter("error")
connection = sqlite3.connect("app.db")
connection.execute("CREATE TABLE t (a, b)")
with connection:
    connection.execute("INSERT INTO t VALUES (1, 'x')")
    connection.executemany("INSERT INTO t VALUES (?, ?)", ((n, None) for n in range(3)))
assert [row for row in connection.execute("SELECT a FROM t ORDER BY a")] == [(0,), (1,), (1,), (2,)]
assert connection.cursor().execute("SELECT b FROM t WHERE a = 9").fetchone() is None
try:
    connection.execute("SELEKT")
except sqlite3.OperationalError:
    pass
connection.executescript("DELETE FROM t; SELECT 1;")

class Cursor(sqlite3.Cursor):
    def execute(self, text, *values):
        return sqlite3.Cursor.execute(self, text + " -- own", *values)

connection.cursor(Cursor).execute("SELECT 3").fetchall()
connection.close()
"""


def find_python(version: str) -> str | None:
    """The interpreter of a version: in a folder that DBTUNE_TEST_PYTHONS names, or on PATH.

    What stands there may only be a name for what is not chosen at the moment.
    """
    places = (os.environ.get("DBTUNE_TEST_PYTHONS", ""), os.environ.get("PATH", os.defpath))
    found = (shutil.which(f"python{version}", path=place) for place in places if place)
    for python in found:
        if (
            python
            and not subprocess.run([python, "-V"], capture_output=True, check=False).returncode
        ):
            return python
    return None


@pytest.mark.parametrize("version", VERSIONS)
def test_it_records_on_every_python(version: str, tmp_path: Path) -> None:
    """The same statements, rows, transactions and errors."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    heard = hear(PROGRAM, tmp_path, python)
    # Before Python 3.10 a block's end is at its last line.
    lines = [6 if sent.text == "COMMIT" else sent.line_number for sent in heard]
    told = [(sent.text, sent.rows, sent.count) for sent in heard]
    assert [(*what, line) for what, line in zip(told, lines, strict=True)] == [
        ("CREATE TABLE t (a, b)", None, 1, 5),
        ("INSERT INTO t VALUES (1, 'x')", 1, 1, 7),
        ("INSERT INTO t VALUES (?, ?)", 3, 3, 8),
        ("COMMIT", None, 1, 6),
        ("SELECT a FROM t ORDER BY a", 4, 1, 9),
        ("SELECT b FROM t WHERE a = 9", 0, 1, 10),
        ("SELEKT", None, 1, 12),
        ("DELETE FROM t; SELECT 1;", None, 1, 15),
        ("SELECT 3 -- own", 1, 1, 19),
    ]
    names = [sent.transaction_id for sent in heard]
    assert names[1] == names[2] == names[3] is not None
    assert [name for name in names if name != names[1]] == [None] * 6
    assert [sent.error is not None for sent in heard].count(True) == 1
