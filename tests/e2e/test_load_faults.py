"""Loading while things go wrong: what is told, and that nothing half done is kept."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.errors import SourceError, TargetError
from dbtune.model.event import Event
from dbtune.postgres.loading.load import load
from dbtune.postgres.server.target import connect_target
from dbtune.postgres.workers.worker_pool import WorkerPool
from tests.e2e.test_load import database
from tests.e2e.test_load_tables import BIGINT, TEXT, WAYS, needs_fast, staged
from tests.fixtures.load_plans import Spec, Staging, migration_plan, table_plan
from tests.fixtures.other_process import other_process

COLUMNS: Spec = {"id": BIGINT, "v": TEXT}
ROWS = 20_000


WAIT_AT_ROW_1000 = """
CREATE FUNCTION wait_at_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id = 1000 THEN PERFORM pg_sleep(60); END IF;
    RETURN NEW;
END $$
"""


def many_rows(path: Path, journal_mode: str = "delete") -> Path:
    """Create a table of 20,000 rows over some hundred pages."""
    database(
        path,
        f"PRAGMA journal_mode = {journal_mode}",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)",
    )
    with closing(sqlite3.connect(path)) as connection:
        rows = ((n, f"value of row {n}") for n in range(1, ROWS + 1))
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        connection.commit()
    return path


@pytest.mark.parametrize("fast", WAYS)
def test_a_damaged_page_is_told_with_its_table_and_rowids(
    tmp_path: Path, target: str, fast: bool
) -> None:
    """The rows on both sides of the damage are named, and the part leaves nothing behind."""
    source = many_rows(tmp_path / "s.db")
    staging = staged(target, source, COLUMNS, rowid='"id"')
    page = 4096 * (source.stat().st_size // 4096 // 2)
    damaged = bytearray(source.read_bytes())
    damaged[page : page + 4096] = b"\xff" * 4096
    source.write_bytes(damaged)
    message = r"t cannot be read after rowid (\d+) and before rowid (\d+): .*malformed"
    with pytest.raises(SourceError, match=message) as raised:
        staging.load(1, fast=fast)
    first, last = (int(word.strip(":")) for word in str(raised.value).split() if word[0].isdigit())
    assert 1 < first < last < ROWS
    assert last - first < 1000
    assert raised.value.hint is not None and ".recover" in raised.value.hint
    assert (staging.rows("t"), staging.done()) == ([], ())


@pytest.mark.parametrize("fast", WAYS)
def test_a_connection_lost_in_the_middle_of_copy_is_a_target_error(
    tmp_path: Path, target: str, fast: bool
) -> None:
    """The server's word and the way on are told; the rows of that part are gone."""
    source = many_rows(tmp_path / "s.db")
    staging = staged(target, source, COLUMNS, rowid='"id"')

    with closing(connect_target(target)) as connection:
        connection.execute(f"SET search_path = {staging.schema}".encode())
        connection.execute(WAIT_AT_ROW_1000)
        connection.execute(
            "CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION wait_at_row()"
        )
    events: list[Event] = []

    def cut(event: Event) -> None:
        events.append(event)
        if event.done:
            with closing(connect_target(target)) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE 'COPY%'"
                )

    with pytest.raises(TargetError, match="copying") as raised:
        staging.load(1, fast=fast, on_event=cut)
    assert raised.value.exit_code == 4
    assert raised.value.hint is not None and "--resume" in raised.value.hint
    assert any(event.done for event in events)
    assert (staging.rows("t"), staging.done()) == ([], ())


def test_a_server_that_is_gone_is_a_target_error(tmp_path: Path, target: str) -> None:
    """Nothing listens where the workers connect."""
    source = many_rows(tmp_path / "s.db")
    staging = staged(target, source, COLUMNS, rowid='"id"')
    nobody = f"{target} hostaddr=127.0.0.1 port=1 connect_timeout=2"
    with (
        pytest.raises(TargetError, match="cannot connect"),
        WorkerPool(source, 1, False, nobody) as pool,
    ):
        load(pool, staging.plan, staging.migration.id, staging.schema)


def test_a_value_that_its_conversion_does_not_take_names_its_row(
    tmp_path: Path, target: str
) -> None:
    """A plan that is wrong about its data is told by table, row, column and value."""
    rows = [(n, n if n != 1777 else "12,50") for n in range(1, 3000)]
    source = database(tmp_path / "s.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)", rows=rows)
    staging = staged(target, source, {"id": BIGINT, "v": BIGINT}, rowid='"id"')
    with pytest.raises(TargetError, match=r't rowid 1777: v = "12,50" is not an integer') as raised:
        staging.load()
    assert raised.value.hint is not None and "--type t.v=text" in raised.value.hint
    assert staging.done() == ()


@pytest.mark.parametrize("fast", WAYS)
@pytest.mark.parametrize("key", ["rowid", "key", "none"])
def test_what_postgresql_refuses_names_its_row(
    tmp_path: Path, target: str, fast: bool, key: str
) -> None:
    """The line of COPY becomes the row's rowid, or its key where it has no rowid."""
    without = " WITHOUT ROWID" if key == "key" else ""
    rows = [(n, "v" * (3 if n != 77 else 4)) for n in range(1, 200)]
    ddl = f"CREATE TABLE t(id INTEGER PRIMARY KEY, v){without}"
    source = database(tmp_path / "s.db", ddl, rows=rows)
    columns: Spec = {"id": BIGINT, "v": ("character varying(3)", "text")}
    staging = staged(
        target,
        source,
        columns,
        rowid='"id"' if key == "rowid" else None,
        key=["id"] if key == "key" else [],
    )
    with pytest.raises(TargetError) as raised:
        staging.load(1, fast=fast)
    where = {"rowid": "t rowid 77: ", "key": "t id=77: ", "none": "table t: "}[key]
    if fast and key == "key":
        where = "table t: "
    assert str(raised.value).startswith(f"{where}PostgreSQL refuses it: value too long")
    assert staging.done() == ()


def test_the_same_part_is_never_loaded_twice(tmp_path: Path, target: str) -> None:
    """The journal refuses a second copy, whose rows go with it."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[(1,), (2,)])
    staging = staged(target, source, {"a": BIGINT})
    staging.load()
    with pytest.raises(TargetError, match="copying table t failed: duplicate key"):
        staging.load()
    assert staging.rows("t") == [(1,), (2,)]


@needs_fast
def test_a_storage_class_that_the_plan_does_not_know_goes_by_rows(
    tmp_path: Path, target: str
) -> None:
    """Arrow gives a part up, with nothing of it left, and the other way takes it."""
    rows = [(n, n if n != 19_000 else "x") for n in range(1, ROWS)]
    source = database(tmp_path / "s.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)", rows=rows)
    table = table_plan(source, "t", COLUMNS, rowid='"id"')
    identity, lied = table.columns
    lied = replace(lied, clean=True, storage="integer")
    staging = Staging(target, migration_plan(source, replace(table, columns=(identity, lied))))
    (loaded,) = staging.load(1, fast=True)
    assert (loaded.rows, loaded.method) == (ROWS - 1, "rows")
    assert staging.rows("t", "id, v", "id") == [(n, str(v)) for n, v in rows]


@pytest.mark.parametrize("fast", WAYS)
def test_what_an_application_writes_meanwhile_is_not_loaded(
    tmp_path: Path, target: str, fast: bool
) -> None:
    """Under a writer that changes every row in WAL mode, the rows are those of one state."""
    source = many_rows(tmp_path / "s.db", "wal")
    staging = staged(target, source, COLUMNS, rowid='"id"', key=["id"], size_bytes=160 << 20)
    with other_process(source) as writer, WorkerPool(source, 2, fast, target) as pool:
        changes = 0

        def change(event: Event) -> None:
            nonlocal changes
            if event.done:
                changes += 1
                writer.run(f"UPDATE t SET v = 'changed {changes}'")
                writer.run(f"DELETE FROM t WHERE id > {ROWS // 2}")

        load(pool, staging.plan, staging.migration.id, staging.schema, on_event=change)
        assert changes >= 10
    expected = [(n, f"value of row {n}") for n in range(1, ROWS + 1)]
    assert staging.rows("t", "id, v", "id") == expected


def test_without_the_extra_the_load_is_complete(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Arrow unimportable all tables go row by row, in processes and in this one."""
    for name in ("pyarrow", "pgpq", "adbc_driver_sqlite", "adbc_driver_manager"):
        monkeypatch.setitem(sys.modules, name, None)
    source = many_rows(tmp_path / "s.db")
    for jobs in (0, 2):
        staging = staged(target, source, COLUMNS, rowid='"id"', key=["id"], size_bytes=64 << 20)
        (loaded,) = staging.load(jobs, fast=True)
        assert (loaded.rows, loaded.method) == (ROWS, "rows")


# Encoding, and bytes of the one long value: in the quick tests one just long enough to be streamed.
LONG_VALUES = [
    ("UTF-8", 12 << 20),
    ("UTF-16le", 12 << 20),
    pytest.param(("UTF-8", 200 << 20), marks=pytest.mark.slow),
    pytest.param(("UTF-16be", 200 << 20), marks=pytest.mark.slow),
]
LOAD = """
import pickle, resource, sys
from pathlib import Path
from dbtune.postgres.loading.load import load
from dbtune.postgres.workers.worker_pool import WorkerPool

if __name__ == "__main__":
    plan, migration, schema, conninfo, fast = pickle.loads(Path(sys.argv[1]).read_bytes())
    with WorkerPool(Path(plan.source_path), 2, fast, conninfo) as pool:
        print(load(pool, plan, migration, schema)[0].rows)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
    # RUSAGE_SELF begins with what the process that forked this one had.
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.fixture(scope="module", params=LONG_VALUES, ids=str)
def large_source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A database with a blob, or a text, too long for memory."""
    path = tmp_path_factory.mktemp("large") / "s.db"
    encoding, size = request.param
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)")
        connection.execute("INSERT INTO t VALUES (1, x'00', 'first'), (99, NULL, 'last')")
        connection.execute("INSERT INTO t VALUES (2, randomblob(7000000), NULL)")
        connection.execute(
            "INSERT INTO t VALUES (3, NULL, replace(hex(zeroblob(3500000)), '0', '\\'))"
        )
        if encoding == "UTF-8":
            connection.execute("INSERT INTO t VALUES (4, zeroblob(?), 'beside')", (size,))
        else:
            words = "寿司\\\n🍣x" * 1000
            connection.execute("INSERT INTO t VALUES (4, x'01', ?)", (words * (size // 17_000),))
        connection.commit()
    yield path
    path.unlink()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize("fast", WAYS)
def test_a_long_value_takes_no_process_past_200_mb(
    large_source: Path, tmp_path: Path, target: str, fast: bool
) -> None:
    """Values too long for memory are streamed, beside rows of 7 MB that are not."""
    columns: Spec = {"id": BIGINT, "a": ("bytea", "bytes"), "b": TEXT}
    staging = staged(target, large_source, columns, rowid='"id"', key=["id"])
    work = (staging.plan, staging.migration.id, staging.schema, target, fast)
    (tmp_path / "work").write_bytes(pickle.dumps(work))
    (tmp_path / "load.py").write_text(LOAD)
    done = subprocess.run(
        [sys.executable, tmp_path / "load.py", tmp_path / "work"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    rows, *peaks_mb = map(int, done.stdout.split())
    assert rows == 5
    if sys.version_info >= (3, 11):  # without blobopen a value is read whole
        assert max(peaks_mb) < 200, f"{peaks_mb} MB"
    hashes = "id, octet_length(a), md5(a), octet_length(b), md5(b)"
    assert staging.rows("t", hashes, "id") == list(expected_hashes(large_source))


def expected_hashes(source: Path) -> Iterator[tuple[Any, ...]]:
    """Yield lengths and hashes of the values as SQLite has them."""
    import hashlib

    with closing(sqlite3.connect(source)) as connection:
        for identity, *values in connection.execute("SELECT id, a, b FROM t ORDER BY id"):
            told: list[Any] = [identity]
            for value in values:
                raw = value.encode() if isinstance(value, str) else value
                told += (
                    [None, None]
                    if raw is None
                    else [len(raw), hashlib.md5(raw, usedforsecurity=False).hexdigest()]
                )
            yield tuple(told)
