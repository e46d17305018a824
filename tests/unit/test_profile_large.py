"""Values that are too large to be held by the batch."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dbtune.postgres.profiling.profile import profile_table
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.typed import build, reading

LARGE = 8 * 1024 * 1024
needs_limits = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="SQLite's limits are in Python 3.11 and later"
)


def test_rows_of_all_sizes_are_read_once_each(tmp_path: Path) -> None:
    """Small, long and large texts in any order are all counted, with their lengths."""
    lengths = [10, 20_000, 30, LARGE + 5, 40, 50, LARGE + 1, LARGE, 70_000]
    lengths += random.Random(1).choices([0, 5, 17_000, 40_000], k=400)
    rows = [("x" * length,) for length in lengths]
    path = build(tmp_path / "a.db", "CREATE TABLE t (c TEXT)", rows)
    with reading(path) as connection:
        profile = profile_table(connection, read_schema(connection).tables[0], wanted=("c",))
    column = profile.column("c")
    assert column.counts.texts == len(rows)
    assert column.longest_bytes == column.longest_characters == LARGE + 5
    assert profile.large_values == ((4, "c", LARGE + 5), (7, "c", LARGE + 1))
    empty = column.form("empty")
    assert empty is not None and empty.count == lengths.count(0)


@needs_limits
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_problems_in_large_texts_are_found(tmp_path: Path, encoding: str) -> None:
    """U+0000 and bad bytes are found where a text is read in pieces, at the seams too."""
    seam = "x" * (1024 * 1024 - 1) + "ä" * 4_000_000
    path = build(tmp_path / "a.db", "CREATE TABLE t (c TEXT)", [(seam,)], encoding=encoding)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO t VALUES (?)", ("a" * LARGE + "\0" + "b" * 10,))
        text = b"a" * (2 * LARGE) + bytes.fromhex("ff" if encoding == "UTF-8" else "00dc")
        connection.execute(f"INSERT INTO t VALUES (CAST(x'{text.hex()}' AS TEXT))")
    connection.close()
    with reading(path) as connection:
        profile = profile_table(connection, read_schema(connection).tables[0])
    column = profile.column("c")
    assert {p.form: (p.count, p.row) for p in column.problems} == {
        "nul": (1, "rowid 2"),
        "invalid-utf8": (1, "rowid 3"),
    }
    assert profile.large_values[0] == (1, "c", len(seam.encode()))


def test_large_blobs_are_measured_without_reading(tmp_path: Path) -> None:
    """Blobs above the limit of the streaming lane are listed."""
    rows = [(b"x",), (bytes(LARGE + 3),), (bytes(LARGE),)]
    path = build(tmp_path / "a.db", "CREATE TABLE t (c BLOB)", rows)
    with reading(path) as connection:
        profile = profile_table(connection, read_schema(connection).tables[0])
    assert profile.large_values == ((2, "c", LARGE + 3),)
    assert profile.column("c").longest_bytes == LARGE + 3


_MEASURE = """
import sys
from contextlib import closing
from pathlib import Path
from dbtune.postgres.profiling.profile import profile_table
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.connect import open_readonly
with closing(open_readonly(Path(sys.argv[1]))) as connection:
    profile_table(connection, read_schema(connection).tables[0])
print(next(line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line))
"""


@needs_limits
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_stays_flat_beside_a_value_of_200_mb(tmp_path: Path) -> None:
    """A text and a blob of 200 MB are profiled in a fraction of their size."""
    path = build(tmp_path / "a.db", "CREATE TABLE t (a TEXT, b BLOB, c TEXT)")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("INSERT INTO t VALUES (NULL, zeroblob(200000000), 'x')")
        connection.execute("INSERT INTO t VALUES (CAST(zeroblob(200000000) AS TEXT), 1, 2)")
    connection.close()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 100_000
