"""Samples of databases that do not fit: proportions, joins, odd tables, and beside writers."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.errors import LockedError
from dbtune.model.event import Event, ignore_event
from dbtune.model.schema import Schema
from dbtune.model.workload import ComparedValues
from dbtune.sqlite.authorizer import copying_from
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.page_copy import CopyOptions
from dbtune.sqlite.copies.scratch import (
    POOL_FACTOR,
    CopySize,
    ScratchCopy,
    copy_database,
    copy_size,
)
from dbtune.sqlite.sampling import sampling
from dbtune.sqlite.sampling.sample_plan import TableSize, plan_sample
from dbtune.sqlite.sampling.sampling import write_sample
from dbtune.sqlite.sampling.wanted_rows import WantedRows, wanted_rows
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures import hostile
from tests.fixtures.hostile import build, build_more, full_text_and_rtree
from tests.fixtures.other_process import other_process, run_as_nobody

MB = 1_000_000

SHOP = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, pad TEXT)",
    "CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),"
    " kind_id INTEGER REFERENCES kinds (id), pad TEXT, total AS (length(pad)) STORED)",
    "CREATE INDEX ix_orders ON orders (user_id, total)",
    "CREATE TABLE notes (code TEXT PRIMARY KEY, line INTEGER, pad TEXT) WITHOUT ROWID",
    "CREATE VIEW recent AS SELECT * FROM orders WHERE id > 100",
    "CREATE TRIGGER on_order AFTER INSERT ON orders BEGIN DELETE FROM notes; END",
)


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


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A shop of some 13 MB: users, three orders each with one in ten of nobody, kinds, notes."""
    path = tmp_path_factory.mktemp("template") / "shop.db"
    build(path, SHOP[:-1])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
        for rows, insert in (
            (10, "INSERT INTO kinds SELECT i, 'kind' || i FROM n"),
            (10_000, "INSERT INTO users SELECT i * 3, 'u' || i, printf('%.200c', 'x') FROM n"),
            (
                30_000,
                "INSERT INTO orders SELECT i, iif(i % 10, (i % 10000 + 1) * 3, NULL), i % 10 + 1,"
                " printf('%.200c', 'y') FROM n",
            ),
            (5_000, "INSERT INTO notes SELECT hex(i * 7919), i, printf('%.200c', 'z') FROM n"),
        ):
            connection.execute(numbers.format(rows) + insert)
        connection.execute(SHOP[-1])
        connection.commit()
    return path.read_bytes()


@pytest.fixture
def shop(template: bytes, tmp_path: Path) -> Path:
    """The same as a file."""
    path = tmp_path / "shop.db"
    path.write_bytes(template)
    return path


def sample(
    source: Path, room_bytes: int, on_event: Callable[[Event], None] = ignore_event
) -> ScratchCopy:
    """Return a copy in that room, which is too little for a whole one."""
    with closing(open_readonly(source)) as connection:
        schema = read_schema(connection)
    folder = source.with_name("scratch")
    folder.mkdir(exist_ok=True)
    copy = copy_database(source, schema, folder, room_bytes=room_bytes, on_event=on_event)
    with closing(apsw.Connection(str(copy.path))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return copy


def value(path: Path, query: str) -> int:
    """Return the one number that a query gives."""
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute(query).fetchone()[0]
        return found


def fractions(copy: ScratchCopy) -> dict[str, float]:
    """Return the fraction of each sampled table by name."""
    return {part.name: part.fraction for part in copy.sampled}


def test_large_tables_lose_the_same_share_and_small_ones_none(shop: Path) -> None:
    """The same of the users and of the orders, all kinds and notes; the file keeps to its room."""
    copy = sample(shop, 10 * MB)
    found = fractions(copy)
    assert set(found) == {"users", "orders"}
    assert max(found.values()) - min(found.values()) < 0.03
    assert 0.1 < found["orders"] < 0.3
    assert value(copy.path, "SELECT count(*) FROM kinds") == 10
    assert copy.path.stat().st_size < 10 * MB / POOL_FACTOR * 1.3
    assert value(copy.path, "SELECT count(*) FROM orders") == round(found["orders"] * 30_000)


def test_rows_that_refer_to_each_other_stay_together(shop: Path) -> None:
    """Each order kept finds its user, and has as many siblings as in the whole."""
    copy = sample(shop, 10 * MB).path
    lonely = (
        "SELECT count(*) FROM orders WHERE user_id IS NOT NULL"
        " AND user_id NOT IN (SELECT id FROM users)"
    )
    assert value(copy, lonely) == 0
    per_user = "SELECT 100 * count(user_id) / count(DISTINCT user_id) FROM orders"
    assert abs(value(copy, per_user) - value(shop, per_user)) <= 5
    assert value(copy, "SELECT count(*) FROM orders WHERE user_id IS NULL") > 300


def test_the_schema_is_that_of_the_source(shop: Path) -> None:
    """Indexes, views and triggers included, and no trigger ran on the way."""
    copy = sample(shop, 10 * MB).path
    with closing(open_readonly(shop)) as one, closing(open_readonly(copy)) as other:
        assert read_schema(one).sha256 == read_schema(other).sha256
    assert value(copy, "SELECT count(*) FROM notes") > 0


def test_values_are_those_of_the_source(shop: Path) -> None:
    """Rowids, generated columns and text come over as they are."""
    copy = sample(shop, 10 * MB).path
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("ATTACH ? AS whole", (str(shop),))
        for table in ("users", "orders", "notes", "kinds"):
            rows = connection.execute(
                f"SELECT count(*) FROM (SELECT * FROM main.{table} EXCEPT"
                f" SELECT * FROM whole.{table})"
            )
            assert rows.fetchone() == (0,)


def test_small_tables_stay_whole_whatever_their_columns_are_called(shop: Path) -> None:
    """TRUE in a condition would be the column of that name."""
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute('ALTER TABLE kinds RENAME COLUMN name TO "true"')
    assert value(sample(shop, 10 * MB).path, "SELECT count(*) FROM kinds") == 10


def test_a_sample_is_the_same_on_every_run(shop: Path) -> None:
    """No chance is in it, so that advice is the same twice."""
    first, second = (sample(shop, 10 * MB).path for _ in range(2))
    query = "SELECT sum(id) FROM orders"
    assert value(first, query) == value(second, query)


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


def test_a_bad_estimate_does_not_fill_the_disk(shop: Path) -> None:
    """Old statistics claim ten rows; the copy ends where its room does."""
    build_more(
        shop,
        "ANALYZE",
        "UPDATE sqlite_stat1 SET stat = '10 1'",
        "CREATE TABLE blobs (id INTEGER PRIMARY KEY, data)",
        "INSERT INTO blobs SELECT id, zeroblob(iif(id % 7, 10, 5000)) FROM orders",
    )
    copy = sample(shop, 10 * MB)
    assert copy.path.stat().st_size < 10 * MB / POOL_FACTOR * 2


def test_keys_of_any_kind_choose_rows(tmp_path: Path) -> None:
    """Text, blobs, several columns, negative and huge numbers, and names that hide the rowid."""
    path = tmp_path / "keys.db"
    build(
        path,
        (
            "CREATE TABLE texts (code TEXT PRIMARY KEY, pad) WITHOUT ROWID",
            "CREATE TABLE pairs (a TEXT, b BLOB, pad, PRIMARY KEY (a, b DESC)) WITHOUT ROWID",
            "CREATE TABLE huge (id INTEGER PRIMARY KEY, pad)",
            "CREATE TABLE hidden (rowid, _rowid_, oid, pad)",
            "CREATE TABLE heavy (a INTEGER, b INTEGER, pad, PRIMARY KEY (a, b)) WITHOUT ROWID",
        ),
    )
    with closing(sqlite3.connect(path)) as connection:
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) "
        for insert in (
            "INSERT INTO texts SELECT 'code-' || (i * 7919), zeroblob(200) FROM n",
            "INSERT INTO pairs SELECT 'a' || (i % 40), CAST(i AS BLOB), zeroblob(200) FROM n",
            "INSERT INTO huge SELECT (i - 4000) * 2000000000000000, zeroblob(200) FROM n",
            "INSERT INTO hidden SELECT i % 3, i % 5, 'x' || i, zeroblob(200) FROM n",
            "INSERT INTO heavy SELECT 1, i, zeroblob(200) FROM n",
        ):
            connection.execute(numbers + insert)
        connection.commit()
    copy = sample(path, 8 * MB)
    assert copy.left_out == ()
    found = fractions(copy)
    assert set(found) == {"texts", "pairs", "huge", "hidden", "heavy"}
    assert all(0.12 < fraction < 0.28 for fraction in found.values()), found


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


def test_a_chain_keeps_the_larger_pair_together() -> None:
    """Items follow orders; orders then cannot follow users."""
    schema = schema_of(
        "CREATE TABLE users (id INTEGER PRIMARY KEY)",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id REFERENCES users (id))",
        "CREATE TABLE items (id INTEGER PRIMARY KEY, order_id REFERENCES orders (id),"
        " parent_id REFERENCES items (id))",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, user_id REFERENCES users)",
        "CREATE TABLE tiny (id INTEGER PRIMARY KEY, order_id REFERENCES orders (id))",
    )
    sizes = (
        TableSize("users", 1000, 100 * MB),
        TableSize("orders", 1000, 300 * MB),
        TableSize("items", 1000, 900 * MB),
        TableSize("visits", 1000, 200 * MB),
        TableSize("tiny", 10, 50 * MB),
    )
    plan = {part.table.name: part for part in plan_sample(schema, sizes, 150 * MB).tables}
    assert {name: part.key for name, part in plan.items()} == {
        "users": ("id",),
        "orders": ("id",),
        "items": ("order_id",),
        "visits": ("user_id",),
        "tiny": (),
    }
    assert plan["tiny"].fraction == 1.0
    assert {part.fraction for name, part in plan.items() if name != "tiny"} == {100 / 1500}


def test_what_fits_is_whole() -> None:
    """A room larger than all tables asks for no sample, nor do no tables at all."""
    schema = schema_of("CREATE TABLE t (x)")
    parts = plan_sample(schema, (TableSize("t", 10, MB),), 10 * MB).tables
    assert [part.fraction for part in parts] == [1.0]
    assert plan_sample(schema_of(), (), MB).tables == ()


def test_many_small_tables_do_not_take_all_the_room() -> None:
    """Together they get half of it at most."""
    names = [f"t{number}" for number in range(200)]
    schema = schema_of(*(f"CREATE TABLE {name} (x)" for name in names))
    sizes = tuple(TableSize(name, 100, MB // (1 + number % 7)) for number, name in enumerate(names))
    plan = plan_sample(schema, sizes, 60 * MB)
    bytes_of = {size.table: size.size_bytes for size in sizes}
    planned = [(part.fraction, bytes_of[part.table.name]) for part in plan.tables]
    assert sum(size for fraction, size in planned if fraction == 1.0) <= 30 * MB
    assert sum(fraction * size for fraction, size in planned) <= 60 * MB * 1.001


def new_file(path: Path) -> Path:
    """Return the path of a new file of 0 bytes."""
    path.touch()
    return path


def objects(schema: Schema) -> set[str]:
    """Return the names of all objects that have a statement of their own."""
    things = (*schema.tables, *schema.indexes, *schema.views, *schema.triggers)
    return {thing.name for thing in things if thing.sql}


def schema_of(*statements: str) -> Schema:
    """Return the schema that statements create."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        return read_schema(connection)


def test_rows_that_the_recording_asks_for_are_in_the_sample(shop: Path) -> None:
    """With all that share a rare value, but not with a frequent one; fractions stay right."""
    asked = (
        ComparedValues("id", (9, 12, 15)),
        ComparedValues("kind_id", (3,)),
        ComparedValues("user_id", (90, 93, 96)),
    )
    with closing(open_readonly(shop)) as connection:
        schema = read_schema(connection)
    folder = shop.with_name("scratch")
    folder.mkdir()
    copy = copy_database(shop, schema, folder, room_bytes=10 * MB, compared=asked)
    for query in (
        "SELECT count(*) FROM users WHERE id IN (9, 12, 15)",
        "SELECT count(*) FROM orders WHERE user_id IN (90, 93, 96)",
    ):
        assert value(copy.path, query) == value(shop, query) > 0
    for table, fraction in fractions(copy).items():
        rows = value(copy.path, f"SELECT count(*) FROM {table}")
        assert rows == pytest.approx(fraction * value(shop, f"SELECT count(*) FROM {table}"))
    kind = "SELECT count(*) FROM orders WHERE kind_id = 3"
    assert value(copy.path, kind) < value(shop, kind) / 3


def test_a_column_of_few_values_asks_for_no_rows(shop: Path) -> None:
    """Nor does a frequent value among rare ones, nor a table that cannot be probed."""
    with closing(open_readonly(shop)) as connection:
        tables = {table.name: table for table in read_schema(connection).tables}
        asked = (ComparedValues("kind_id", (3,)), ComparedValues("user_id", (90,)))
        assert wanted_rows(connection, tables["orders"], asked) == (WantedRows("user_id", (90,)),)
        assert wanted_rows(connection, tables["orders"], asked[:1]) == ()
        assert wanted_rows(connection, tables["notes"], (ComparedValues("code", ("x",)),)) == ()
    build_more(shop, "UPDATE orders SET user_id = 90 WHERE id % 50 = 0")
    with closing(open_readonly(shop)) as connection:
        assert wanted_rows(connection, tables["orders"], asked) == ()


def test_a_copy_is_as_large_as_its_room_and_its_time_allow() -> None:
    """A short search gets less to search on, and never nothing."""
    room = 1_800_000_000
    assert copy_size(room, None) == CopySize(room // 4, room // 4)
    assert copy_size(room, 90.0) == CopySize(450_000_000, 180_000_000)
    assert copy_size(room, 30.0) == CopySize(150_000_000, 60_000_000)
    assert copy_size(room, 0.0).sample_bytes == copy_size(room, 0.0).whole_bytes == 40_000_000
    assert copy_size(40_000_000, 90.0) == CopySize(10_000_000, 10_000_000)
