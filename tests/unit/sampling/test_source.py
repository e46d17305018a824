"""What sampling may do to its source, and what a source may be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError
from dbtune.model.event import Event
from dbtune.sqlite.authorizer import copying_from
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.page_copy import CopyOptions
from dbtune.sqlite.sampling import sampling
from dbtune.sqlite.sampling.sampling import write_sample
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures import hostile
from tests.fixtures.hostile import build, build_more, full_text_and_rtree
from tests.fixtures.other_process import other_process, run_as_nobody
from tests.unit.sampling.shop import MB, new_file, objects, sample, value

# The signal comes while the third row is hashed.
INTERRUPTED = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from dbtune.sqlite.sampling import sampled_copy
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.sampling.sampling import write_sample
from dbtune.sqlite.copies.scratch import copy_database, scratch_folder

hash_values, calls = sampled_copy._hash, []

def interrupted(*values):
    calls.append(values)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return hash_values(*values)

sampled_copy._hash = interrupted
path = Path(sys.argv[1])
with closing(open_readonly(path)) as connection:
    schema = read_schema(connection)
try:
    with scratch_folder(Path(sys.argv[2])) as folder:
        print(copy_database(path, schema, folder, room_bytes=5_000_000))
except KeyboardInterrupt:
    print("interrupted")
"""


SAMPLE = """
from contextlib import closing
from pathlib import Path
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.sampling.sampling import write_sample
from dbtune.sqlite.copies.scratch import copy_database
path = Path(sys.argv[1])
with closing(open_readonly(path)) as connection:
    schema = read_schema(connection)
copy = copy_database(path, schema, Path(sys.argv[2]), room_bytes=10_000_000)
print("sampled", len(copy.sampled))
"""


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_writers_never_wait_for_a_sample(shop: Path, mode: str) -> None:
    """Between any two pieces of a table a commit needs no waiting."""
    build_more(shop, f"PRAGMA journal_mode = {mode}")
    with other_process(shop) as other:
        writes = []

        def write(event: Event) -> None:
            other.run("UPDATE kinds SET name = name || 'x' WHERE id = 1")
            writes.append(event)

        sample(shop, 10 * MB, on_event=write)
        assert len(writes) >= 10
        assert other.run("SELECT length(name) FROM kinds WHERE id = 1") == [[5 + len(writes)]]


def test_the_source_keeps_every_byte(shop: Path) -> None:
    """The connection that has it attached may read it and nothing else."""
    before = shop.read_bytes()
    sample(shop, 10 * MB)
    assert shop.read_bytes() == before
    assert sorted(os.listdir(shop.parent)) == ["scratch", "shop.db"]


def test_the_attached_source_may_only_be_read() -> None:
    """Whatever a statement of a hostile schema tries there."""
    authorize = copying_from("src")
    for action in (
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_PRAGMA,
    ):
        assert authorize(action, "t", None, "src", None) == sqlite3.SQLITE_DENY
    assert authorize(sqlite3.SQLITE_READ, "t", "x", "src", None) == sqlite3.SQLITE_OK
    assert authorize(sqlite3.SQLITE_INSERT, "t", None, "main", None) == sqlite3.SQLITE_OK
    for action, name in (
        (sqlite3.SQLITE_ATTACH, None),
        (sqlite3.SQLITE_FUNCTION, "load_extension"),
        (sqlite3.SQLITE_PRAGMA, "optimize"),
    ):
        assert authorize(action, None, name, None, None) == sqlite3.SQLITE_DENY


@pytest.mark.parametrize(
    "builder",
    [builder for builder in hostile.ODD_SCHEMAS if builder != hostile.many_tables],
    ids=lambda builder: builder.__name__,
)
def test_odd_schemas_are_sampled(
    tmp_path: Path, builder: hostile.Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All objects are there, or named as left out."""
    monkeypatch.setattr(sampling, "SMALLEST_SAMPLE_BYTES", 1000)
    path = tmp_path / "odd.db"
    builder(path)
    copy = sample(path, path.stat().st_size)
    with closing(open_readonly(path)) as one, closing(open_readonly(copy.path)) as other:
        whole, part = read_schema(one), read_schema(other)
    missing = objects(whole) - objects(part)
    left_out = set(copy.left_out)
    assert {name for name in missing if not name.startswith(tuple(left_out))} == set()


@pytest.mark.parametrize("builder", hostile.DAMAGED, ids=lambda builder: builder.__name__)
def test_a_damaged_table_is_sampled_as_far_as_it_goes(
    tmp_path: Path, builder: hostile.Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And named."""
    monkeypatch.setattr(sampling, "SMALLEST_SAMPLE_BYTES", 1000)
    path = tmp_path / "damaged.db"
    builder(path)
    assert "rows of orders" in sample(path, path.stat().st_size).left_out


def test_small_full_text_tables_come_along_and_large_ones_do_not(shop: Path) -> None:
    """With their data, so that MATCH finds it; a large one is named."""
    full_text_and_rtree(shop.with_name("search.db"))
    build_more(
        shop,
        "CREATE VIRTUAL TABLE little USING fts5(body)",
        "INSERT INTO little VALUES ('seven herring'), ('eight cod')",
        "CREATE VIRTUAL TABLE big USING fts5(body)",
        "INSERT INTO big SELECT hex(randomblob(400)) FROM users LIMIT 5000",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, a, b)",
        "INSERT INTO boxes SELECT id, id, id + 1 FROM users LIMIT 100",
    )
    copy = sample(shop, 10 * MB)
    assert copy.left_out == ("big",)
    assert value(copy.path, "SELECT count(*) FROM little WHERE little MATCH 'herring'") == 1
    assert value(copy.path, "SELECT count(*) FROM boxes WHERE a >= 0") == 100


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_wal_database_in_a_folder_without_permission_to_write_is_sampled(shop: Path) -> None:
    """As it is read: without the side files that cannot be made there."""
    build_more(shop, "PRAGMA journal_mode = WAL")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as scratch:
        source = Path(shutil.copy(shop, folder))
        Path(folder).chmod(0o555)
        Path(scratch).chmod(0o777)
        assert "sampled 2" in run_as_nobody(SAMPLE, source, scratch)
        assert os.listdir(folder) == ["shop.db"]


def test_a_source_that_is_locked_meanwhile_is_told(shop: Path) -> None:
    """The wait is the same as for opening."""
    with other_process(shop) as other:

        def lock(event: Event) -> None:
            other.run("BEGIN EXCLUSIVE")

        with (
            closing(open_readonly(shop)) as connection,
            pytest.raises(LockedError, match="is locked by another connection"),
        ):
            write_sample(
                connection,
                shop,
                read_schema(connection),
                new_file(shop.with_name("copy.db")),
                2 * MB,
                CopyOptions(wait_ms=50, on_event=lock),
            )


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_within_a_sample_is_not_lost(tmp_path: Path) -> None:
    """SQLite swallows what a function of Python raises, also the KeyboardInterrupt of a Ctrl-C."""
    path = tmp_path / "texts.db"
    build(path, ("CREATE TABLE texts (code TEXT PRIMARY KEY, pad) WITHOUT ROWID",))
    build_more(
        path,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000)"
        " INSERT INTO texts SELECT 'code' || i, zeroblob(40) FROM n",
    )
    (tmp_path / "scratch").mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(path), str(tmp_path / "scratch")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "interrupted\n", ended.stderr
    assert os.listdir(tmp_path / "scratch") == []
