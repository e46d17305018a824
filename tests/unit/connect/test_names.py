"""Databases are found by any name that the system allows, and what is none is named."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import SourceError
from dbtune.sqlite.connect import open_readonly, open_unshared, open_writer
from dbtune.sqlite.file.location import database_uri
from tests.fixtures import hostile
from tests.fixtures.hostile import build
from tests.unit.connect.files import NAMES, made_database, posix_only


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
    shutil.copy(made_database(tmp_path / "made.db"), path)
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
