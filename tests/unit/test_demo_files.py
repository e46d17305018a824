"""What a demo may replace: its own files and what dbtune kept beside them, and nothing else."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.demo.build import build_demo
from dbtune.demo.own_files import demo_files
from dbtune.errors import DbtuneError, LockedError, RefusedError, TargetError
from dbtune.model.event import Event

SCALE = 0.01
NAMES = {"platform.db", "platform.queries.jsonl", "hand_written_indexes.sql"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_demo_is_three_files(tmp_path: Path) -> None:
    """The folder is made where it is missing, and no scratch file stays."""
    folder = tmp_path / "new" / "demo"
    demo = build_demo(folder, SCALE)
    assert names(folder) == NAMES
    assert demo.files.database.read_bytes()[:15] == b"SQLite format 3"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_file_that_is_not_the_demos_own_stays(name: str, tmp_path: Path) -> None:
    """Another file of that name is refused before anything is written."""
    (tmp_path / name).write_text('{"mine": true}\n', encoding="utf-8")
    with pytest.raises(RefusedError, match=f"{name} exists and was not made by dbtune demo"):
        build_demo(tmp_path, SCALE)
    assert names(tmp_path) == {name}
    assert (tmp_path / name).read_text(encoding="utf-8") == '{"mine": true}\n'


def test_a_database_of_somebody_else_stays(tmp_path: Path) -> None:
    """A real database that happens to be called platform.db is refused."""
    path = tmp_path / "platform.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE precious (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(RefusedError, match=r"platform\.db exists"):
        build_demo(tmp_path, SCALE)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["platform.db-wal", "platform.db-journal", "platform.db.dbtune"])
def test_what_lies_beside_a_missing_database_stays(name: str, tmp_path: Path) -> None:
    """A stray journal would be taken for the new database's, so it is refused."""
    (tmp_path / name).write_bytes(b"left over")
    with pytest.raises(RefusedError, match="was not made by dbtune demo"):
        build_demo(tmp_path, SCALE)
    assert names(tmp_path) == {name}


def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    """A link in the database's place is refused, wherever it points."""
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "platform.db").symlink_to(elsewhere)
    with pytest.raises(RefusedError, match="symbolic link"):
        build_demo(tmp_path / "demo", SCALE)
    assert not elsewhere.exists()


def test_a_second_demo_replaces_the_first_with_all_beside_it(tmp_path: Path) -> None:
    """Changed database, -wal, revisions and backups: all of it goes, and nothing stays."""
    first = build_demo(tmp_path, SCALE).files
    original = first.recording.read_bytes()
    kept = tmp_path / "platform.db.dbtune" / "versions"
    kept.mkdir(parents=True)
    (kept / "0001_add_index.py").write_text("revision = '0001'", encoding="utf-8")
    with closing(sqlite3.connect(first.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE changed (id INTEGER)")
        connection.commit()
        # As a crash would leave them: copied while a connection has them open.
        side_files = {
            name: (tmp_path / name).read_bytes() for name in ("platform.db-wal", "platform.db-shm")
        }
    for name, content in side_files.items():
        (tmp_path / name).write_bytes(content)
    again = build_demo(tmp_path, SCALE).files
    assert names(tmp_path) == NAMES
    assert again.recording.read_bytes() == original
    with closing(sqlite3.connect(again.database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'changed'")
        assert tables.fetchall() == []


def test_a_damaged_demo_can_be_built_anew(tmp_path: Path) -> None:
    """The header still tells whose file it is."""
    database = build_demo(tmp_path, SCALE).files.database
    os.truncate(database, 5000)
    assert build_demo(tmp_path, SCALE).files.database.stat().st_size > 100_000


def test_a_demo_in_use_stays(tmp_path: Path) -> None:
    """A database that another connection has locked is not pulled away from under it."""
    database = build_demo(tmp_path, SCALE).files.database
    before = database.read_bytes()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError, match="locked"):
            build_demo(tmp_path, SCALE)
        other.execute("ROLLBACK")
    assert database.read_bytes() == before
    assert names(tmp_path) == NAMES


def test_a_file_that_comes_while_building_stays(tmp_path: Path) -> None:
    """The last look is right before the move."""

    def interfere(event: Event) -> None:
        (tmp_path / "platform.db").write_text("mine", encoding="utf-8")

    with pytest.raises(RefusedError, match="was not made by dbtune demo"):
        build_demo(tmp_path, SCALE, on_event=interfere)
    assert names(tmp_path) == {"platform.db"}
    assert (tmp_path / "platform.db").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("stage", ["building the platform", "recording its pages"])
def test_an_interrupted_build_leaves_the_earlier_demo(stage: str, tmp_path: Path) -> None:
    """Ctrl-C in either stage removes the scratch files and touches nothing else."""
    files = build_demo(tmp_path, SCALE).files
    before = [path.read_bytes() for path in files.paths]

    def interrupt(event: Event) -> None:
        if event.stage == stage and event.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_demo(tmp_path, SCALE * 2, on_event=interrupt)
    assert names(tmp_path) == NAMES
    assert [path.read_bytes() for path in files.paths] == before


def test_no_room_is_told_before_the_work(tmp_path: Path) -> None:
    """A demo larger than the disk is refused, and its folder not even made."""
    with pytest.raises(RefusedError, match="no room for a demo of scale"):
        build_demo(tmp_path / "demo", 1e9)
    assert names(tmp_path) == set()


def test_a_folder_that_cannot_be_made_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """A folder below a file cannot be: the error names it and says what to do."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TargetError) as caught:
        build_demo(tmp_path / "file" / "demo", SCALE)
    assert isinstance(caught.value, DbtuneError)
    assert str(tmp_path / "file" / "demo") in caught.value.message
    assert caught.value.hint


def test_the_database_is_put_in_place_last(tmp_path: Path) -> None:
    """While the old database is there, everything beside it is known to be the demo's."""
    assert demo_files(tmp_path).paths[-1] == tmp_path / "platform.db"
