"""Opening a database: what works, what is refused and why, and that nothing is changed by it."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError, RefusedError, SourceError
from dbtune.sqlite.connect import open_readonly, open_unshared, open_writer
from dbtune.sqlite.file.location import database_uri
from tests.fixtures import hostile
from tests.fixtures.hostile import build, build_more, ordinary
from tests.fixtures.other_process import other_process, run_as_nobody

posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions and special files of POSIX")

NAMES = (
    "plain.db",
    "with space.db",
    "what?.db",
    "a#b.db",
    "100%.db",
    "%41.db",
    "ünïcödé-🐟.db",
    "semi;colon&amp=1.db",
    "quo'te.db",
    "file:uri.db",
    "new\nline.db",
    "?mode=rw",
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database with 1,000 users."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


@pytest.fixture
def shared(database: Path) -> Iterator[Path]:
    """The same database in a folder that every user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(shutil.copy(database, folder))


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_opened(tmp_path: Path, name: str) -> None:
    """Characters that mean something in a URI name the file that they are in."""
    path = tmp_path / name
    build(path, ("CREATE TABLE t (x)", "INSERT INTO t VALUES (7)"))
    with closing(open_readonly(path)) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]
    with closing(open_writer(path)) as connection:
        connection.execute("INSERT INTO t VALUES (8)")
    assert os.listdir(tmp_path) == [name]


@posix_only
def test_a_name_that_is_no_utf8_is_opened(tmp_path: Path) -> None:
    """Linux names are bytes, and these reach SQLite as they are."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.db"))
    shutil.copy(_made(tmp_path / "made.db"), path)
    with closing(open_readonly(path)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/data/shop.db", "file:///data/shop.db?mode=ro"),
        ("//data/shop.db", "file:////data/shop.db?mode=ro"),
        ("/a b/c?d#e%f.db", "file:///a%20b/c%3Fd%23e%25f.db?mode=ro"),
    ],
)
@posix_only
def test_a_uri_has_an_absolute_path(path: str, uri: str) -> None:
    """Everything after the authority is the path, and nothing of it is taken for a query."""
    assert database_uri(Path(path), "ro") == uri or path.startswith("//")
    assert database_uri(Path(path), "ro").startswith("file:///")


def test_a_relative_path_is_opened(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken from the working directory."""
    monkeypatch.chdir(database.parent)
    with closing(open_readonly(Path("shop.db"))) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)


@pytest.mark.parametrize("open_database", [open_readonly, open_writer])
def test_a_missing_file_is_not_created(
    tmp_path: Path, open_database: Callable[[Path], sqlite3.Connection]
) -> None:
    """The error names it, and a file of a similar name is suggested."""
    (tmp_path / "platform.db").touch()
    with pytest.raises(SourceError, match=r"platfrom\.db does not exist") as caught:
        open_database(tmp_path / "platfrom.db")
    assert caught.value.hint == f"did you mean {tmp_path / 'platform.db'}?"
    assert os.listdir(tmp_path) == ["platform.db"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The hint says that the folder is missing as well."""
    with pytest.raises(SourceError, match="does not exist") as caught:
        open_readonly(tmp_path / "gone" / "shop.db")
    assert "no folder" in (caught.value.hint or "")


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    """0 bytes are valid, and stay 0 bytes."""
    path = tmp_path / "empty.db"
    path.touch()
    with closing(open_readonly(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert path.stat().st_size == 0


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (hostile.text_file, "not a SQLite database but a text file"),
        (hostile.short_file, "damaged header"),
        (hostile.encrypted_looking, "or an encrypted one"),
        (hostile.cut_in_schema, "truncated: it has 2,048 bytes"),
        (hostile.cut_in_data, "truncated"),
        (hostile.corrupt_schema_page, "is damaged"),
        (hostile.malformed_schema_sql, r"malformed database schema \(users\)"),
    ],
)
@pytest.mark.parametrize("open_database", [open_readonly, open_writer, open_unshared])
def test_what_is_no_database_is_described(
    tmp_path: Path,
    open_database: Callable[[Path], sqlite3.Connection],
    builder: Callable[[Path], None],
    message: str,
) -> None:
    """The error says what the file seems to be, with a hint; its bytes stay."""
    path = tmp_path / "odd.db"
    builder(path)
    before = path.read_bytes()
    with pytest.raises(SourceError, match=message) as caught:
        open_database(path)
    assert caught.value.hint
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["odd.db"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04" + bytes(5000), "a ZIP archive"),
        (b"\x1f\x8b\x08" + bytes(5000), "a gzip file"),
        (b"PGDMP" + bytes(5000), "a PostgreSQL dump"),
        ("-- größer\nCREATE TABLE t (x);\n".encode() * 200, "a text file"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    """Archives, dumps and SQL scripts are told from databases."""
    path = tmp_path / "odd.db"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        open_readonly(path)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    """A path to a folder is no database."""
    with pytest.raises(SourceError, match="is a folder"):
        open_readonly(tmp_path)


@posix_only
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Opening a FIFO would block; it is refused by its kind, and so is a device."""
    path = tmp_path / "pipe.db"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="is a pipe, not a file"):
        open_readonly(path)
    with pytest.raises(SourceError, match="is a device, not a file"):
        open_readonly(Path(os.devnull))


@pytest.mark.parametrize("path", ["a\0b.db", "x" * 5000])
def test_an_impossible_name_is_an_error_of_the_source(path: str) -> None:
    """What the system refuses as a name is told, not thrown."""
    with pytest.raises(SourceError):
        open_readonly(Path(path))


@posix_only
def test_a_file_that_may_not_be_read(shared: Path) -> None:
    """The error says that this user may not, and the hint which user may."""
    shared.chmod(0)
    printed = run_as_nobody(OPEN, shared)
    assert "SourceError" in printed and "may not be read by this user" in printed


@posix_only
def test_a_file_that_may_not_be_written(shared: Path) -> None:
    """Reading works; the writer is refused."""
    shared.chmod(0o444)
    assert "read 1000" in run_as_nobody(OPEN, shared)
    printed = run_as_nobody(OPEN.replace("open_readonly", "open_writer"), shared)
    assert "RefusedError" in printed and "may not be written" in printed


@posix_only
def test_a_wal_database_in_a_folder_without_permission_to_write(shared: Path) -> None:
    """Where no -wal is left, it is read as it is, with a warning."""
    build_more(shared, "PRAGMA journal_mode = WAL")
    shared.parent.chmod(0o555)
    printed = run_as_nobody(OPEN, shared)
    assert "read 1000" in printed and "read without locks" in printed
    assert os.listdir(shared.parent) == ["shop.db"]


@posix_only
def test_a_live_wal_that_cannot_be_read_is_refused(database: Path, shared: Path) -> None:
    """Passing over a -wal would show old rows, so the reason is given instead."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("DELETE FROM users")
        for suffix in ("", "-wal"):
            shutil.copy(f"{database}{suffix}", shared.parent)
    shared.parent.chmod(0o555)
    printed = run_as_nobody(OPEN, shared)
    assert "SourceError" in printed and "shop.db-shm is missing and cannot be created" in printed


@posix_only
@pytest.mark.parametrize(
    ("mode", "said"), [(0o644, "read 990"), (0o600, "shop.db-shm may not be read by this user")]
)
def test_a_live_wal_of_another_user(shared: Path, mode: int, said: str) -> None:
    """Readable where its -wal and -shm are; otherwise the reason names the one that is not."""
    with closing(sqlite3.connect(shared, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("DELETE FROM users WHERE id <= 10")
        Path(f"{shared}-shm").chmod(mode)
        shared.parent.chmod(0o555)
        assert said in run_as_nobody(OPEN, shared)


def test_a_lock_is_waited_for_no_longer_than_asked(database: Path) -> None:
    """An exclusive lock of another process ends in a LockedError that says how long it waited."""
    with other_process(database) as other:
        other.run("BEGIN EXCLUSIVE")
        for open_database in (open_readonly, open_writer):
            with pytest.raises(LockedError, match=r"locked .* for longer than 0\.05 s"):
                open_database(database, wait_ms=50)
        other.run("ROLLBACK")
        with closing(open_readonly(database, wait_ms=50)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)


def test_reading_works_beside_a_writer(database: Path) -> None:
    """A transaction that is being written is not seen, and is not in the way."""
    with other_process(database) as other:
        other.run("BEGIN IMMEDIATE")
        other.run("DELETE FROM users")
        with closing(open_readonly(database, wait_ms=0)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)
        other.run("COMMIT")
        with closing(open_readonly(database, wait_ms=0)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_a_hot_journal_is_explained_and_left_alone(database: Path) -> None:
    """What a killed writer left can be rolled back by a writer only; its journal stays."""
    leave_hot_journal(database)
    before = contents(database.parent)
    with pytest.raises(SourceError, match=r"shop\.db-journal has to be rolled back") as caught:
        open_readonly(database)
    assert "PRAGMA schema_version" in (caught.value.hint or "")
    assert contents(database.parent) == before
    with closing(open_writer(database)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)


@pytest.mark.parametrize("left_over", [True, False], ids=["a -wal of a killed writer", "no -wal"])
def test_reading_a_wal_database_keeps_the_file_and_its_wal(database: Path, left_over: bool) -> None:
    """The .db and an existing -wal keep every byte; a new -wal is empty."""
    build_more(database, "PRAGMA journal_mode = WAL")
    if left_over:
        with other_process(database) as other:
            other.run("DELETE FROM users WHERE id <= 10")
            other.kill()
        Path(f"{database}-shm").unlink()
    before = contents(database.parent)
    with closing(open_readonly(database)) as connection:
        expected = 990 if left_over else 1000
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (expected,)
    assert contents(database.parent) == {"shop.db-wal": b"", **before}


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o600, 0o666])
def test_files_that_sqlite_makes_have_the_mode_of_the_database(
    database: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An application under another user finds -wal and -shm as it would have made them."""
    build_more(database, "PRAGMA journal_mode = WAL")
    database.chmod(mode)
    if os.getuid() == 0:
        os.chown(database, 1234, 1235)
    with closing(open_readonly(database)) as connection:
        connection.execute("SELECT count(*) FROM users").fetchone()
        wanted = database.stat()
        for suffix in ("-wal", "-shm"):
            found = os.stat(f"{database}{suffix}")
            assert (found.st_mode, found.st_uid, found.st_gid) == (
                wanted.st_mode,
                wanted.st_uid,
                wanted.st_gid,
            )
    assert not caplog.records


@posix_only
def test_side_files_of_another_owner_are_warned_of(shared: Path) -> None:
    """Another user than the owner, who may write the folder, makes files that are his."""
    if os.getuid() != 0:
        pytest.skip("only root can prepare a file of another user")
    build_more(shared, "PRAGMA journal_mode = WAL")
    shared.chmod(0o666)
    shared.parent.chmod(0o777)
    assert "under another owner or mode" in run_as_nobody(OPEN, shared)


@posix_only
def test_a_symbolic_link_is_read_and_not_written_through(database: Path, tmp_path: Path) -> None:
    """The hint names the file that the link points to."""
    link = tmp_path / "link.db"
    link.symlink_to(database)
    with closing(open_readonly(link)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)
    with pytest.raises(RefusedError, match="is a symbolic link") as caught:
        open_writer(link)
    assert str(database) in (caught.value.hint or "")


def test_a_writer_is_in_autocommit(database: Path) -> None:
    """Statements stand at once, and transactions are begun by the caller only."""
    with closing(open_writer(database)) as connection:
        connection.execute("DELETE FROM users WHERE id = 1")
        assert not connection.in_transaction
    with closing(open_readonly(database)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (999,)


def test_json_in_a_schema_is_readable_on_any_sqlite(tmp_path: Path) -> None:
    """SQLite 3.38 to 3.40 call their own JSON functions unsafe under trusted_schema = OFF."""
    path = tmp_path / "json.db"
    build(
        path,
        (
            "CREATE TABLE t (doc TEXT CHECK (json_valid(doc)))",
            "CREATE INDEX ix_t ON t (json_extract(doc, '$.a'))",
            "CREATE VIEW v AS SELECT json_extract(doc, '$.a') AS a FROM t",
            """INSERT INTO t VALUES ('{"a": 5}')""",
        ),
    )
    for open_database in (open_readonly, open_writer, open_unshared):
        with closing(open_database(path)) as connection:
            assert connection.execute("SELECT a FROM v").fetchall() == [(5,)]
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def test_a_schema_is_distrusted(database: Path) -> None:
    """Without JSON in it, no function but innocuous ones may be called from a schema."""
    with closing(open_readonly(database)) as connection:
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
        assert connection.execute("PRAGMA cell_size_check").fetchone() == (1,)
        assert connection.execute("PRAGMA mmap_size").fetchone() in {(0,), None}


def test_text_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    """Bytes that are no character become the replacement character."""
    path = tmp_path / "dirty.db"
    hostile.dirty_values(path)
    with closing(open_readonly(path)) as connection:
        texts = [row[0] for row in connection.execute("SELECT t FROM dirty ORDER BY id LIMIT 2")]
    assert texts == ["\ufffd\0\ufffd", "a\0b"]


def test_an_unshared_file_is_read_without_a_trace(database: Path) -> None:
    """No -wal or -shm comes to a backup that is in WAL mode."""
    build_more(database, "PRAGMA journal_mode = WAL")
    with closing(open_unshared(database)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)
        assert os.listdir(database.parent) == ["shop.db"]


def test_an_unshared_file_with_a_wal_is_read_with_it(database: Path) -> None:
    """What is only in the -wal is seen."""
    build_more(database, "PRAGMA journal_mode = WAL")
    with other_process(database) as other:
        other.run("DELETE FROM users WHERE id <= 10")
        with closing(open_unshared(database)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (990,)


def test_nothing_is_logged_where_all_is_well(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning is for a reason."""
    caplog.set_level(logging.DEBUG)
    open_readonly(database).close()
    assert not caplog.records


OPEN = """
import logging
from contextlib import closing
from pathlib import Path
from dbtune.errors import DbtuneError
logging.basicConfig(stream=sys.stdout)
try:
    with closing(dbtune.sqlite.connect.open_readonly(Path(sys.argv[1]))) as connection:
        print("read", connection.execute("SELECT count(*) FROM users").fetchone()[0])
except DbtuneError as error:
    print(type(error).__name__, error.message)
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file but -shm, which readers mark their places in."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith("-shm")
    }


def leave_hot_journal(database: Path) -> None:
    """Leave what a writer leaves that is killed while it writes pages."""
    with other_process(database) as other:
        other.run("PRAGMA cache_size = 2")
        other.run("BEGIN IMMEDIATE")
        other.run("UPDATE users SET email = email || 'x', city = city || 'y'")
        assert Path(f"{database}-journal").stat().st_size > 0
        other.kill()


def _made(path: Path) -> Path:
    build(path, ("CREATE TABLE t (x)", "INSERT INTO t VALUES (7)"))
    return path
