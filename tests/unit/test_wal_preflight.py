"""What enable-wal refuses, warns of and finds fine, from facts alone; and how facts are read."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.errors import RefusedError, SourceError
from dbtune.journeys.wal_preflight import Wishes, judge_place, judge_state
from dbtune.model.schema import FileHealth, Schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.file import container
from dbtune.sqlite.file.file_locks import active_users, activities
from dbtune.sqlite.file.file_users import FileUser
from dbtune.sqlite.wal import WalPlace, WalState, read_place, read_state
from tests.fixtures.other_process import other_process

GIGABYTE = 1 << 30

PLACE = WalPlace(
    path=Path("/srv/app.db"),
    size_bytes=GIGABYTE,
    wal_bytes=0,
    journal_bytes=0,
    header_in_wal=False,
    hard_links=1,
    filesystem="ext4",
    network_path=False,
    storage="host",
    free_bytes=10 * GIGABYTE,
    folder_writable=True,
    runs_as_owner=True,
    users=(),
    active=(),
    litestream=False,
)
STATE = WalState(
    journal_mode="delete",
    page_size_bytes=4096,
    integrity_errors=(),
    foreign_keys=None,
    not_checked=(),
    schema=Schema((), (), (), ""),
    health=FileHealth(0, 0, 4096, 0, 0, "delete", 0, "UTF-8", (), (), None, "3.51.3"),
)
WISHES = Wishes(
    backup=True, page_size_bytes=None, application_version="3.51.3", library_version="3.51.3"
)

linux_only = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells")


def test_a_plain_local_file_passes() -> None:
    """The one warning is about copies, which everybody has to know."""
    found = judge_place(PLACE, WISHES).plus(judge_state(PLACE, STATE, WISHES))
    found.require_passed()
    assert found.refusals == ()
    assert len(found.warnings) == 1 and "dbtune backup" in found.warnings[0]
    assert "it lies on a local disk (ext4)" in found.passed
    assert "quick_check found no damage" in found.passed
    assert found.not_checked == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filesystem": "nfs4"}, r"network or shared file system \(nfs4\)"),
        ({"filesystem": "cifs"}, "cifs"),
        ({"filesystem": "9p"}, "9p"),
        ({"filesystem": "fuse.sshfs"}, "sshfs"),
        ({"filesystem": None, "network_path": True}, "a network share"),
        ({"folder_writable": False}, "/srv may not be written"),
        ({"wal_bytes": 8192}, r"app.db-wal .* beside a database that is not in WAL mode"),
        ({"free_bytes": GIGABYTE}, "no room in /srv: the backup needs"),
    ],
)
def test_an_unfit_place_is_refused(change: dict[str, object], message: str) -> None:
    """Each reason is said with what was found, and with a way out."""
    found = judge_place(replace(PLACE, **change), WISHES)
    with pytest.raises(RefusedError, match=message) as caught:
        found.require_passed()
    assert caught.value.hint
    assert caught.value.exit_code == 5


def test_all_reasons_are_said_at_once() -> None:
    """Nobody has to find out one by one."""
    place = replace(PLACE, filesystem="nfs", folder_writable=False)
    with pytest.raises(RefusedError, match=r"nfs.*; /srv may not be written"):
        judge_place(place, WISHES).require_passed()


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"storage": "volume"}, "volume of a container"),
        ({"storage": "layer"}, "deleted with the container"),
        ({"filesystem": "tmpfs"}, "gone when the machine restarts"),
        ({"filesystem": "fuse.something"}, "fuse.something"),
        ({"hard_links": 2}, r"2 names \(hard links\)"),
        ({"runs_as_owner": False}, "does not own the file"),
        ({"litestream": True}, "Litestream"),
    ],
)
def test_a_risky_place_is_warned_of(change: dict[str, object], warning: str) -> None:
    """It is the user's choice then."""
    found = judge_place(replace(PLACE, **change), WISHES)
    found.require_passed()
    assert warning not in " ".join(judge_place(PLACE, WISHES).warnings)
    assert any(re.search(warning, text) for text in found.warnings)


def test_a_wal_beside_a_wal_database_is_its_own() -> None:
    """An application that crashed leaves one, and SQLite recovers it."""
    place = replace(PLACE, wal_bytes=8192, header_in_wal=True)
    assert judge_place(place, WISHES).refusals == ()


def test_an_unknown_file_system_is_said_to_be_unchecked() -> None:
    """Not every system tells."""
    found = judge_place(replace(PLACE, filesystem=None), WISHES)
    assert found.refusals == ()
    assert any("local disk" in text for text in found.not_checked)


@pytest.mark.parametrize(
    ("backup", "page_size", "needed"), [(False, None, 0), (True, None, 1), (True, 8192, 3)]
)
def test_the_room_needed_depends_on_what_is_asked_for(
    backup: bool, page_size: int | None, needed: int
) -> None:
    """A backup is one copy, a new page size writes the file twice more."""
    wishes = replace(WISHES, backup=backup, page_size_bytes=page_size)
    place = replace(PLACE, free_bytes=needed * GIGABYTE + (17 << 20))
    assert judge_place(place, wishes).refusals == ()
    place = replace(PLACE, free_bytes=needed * GIGABYTE - 1)
    assert len(judge_place(place, wishes).refusals) == (1 if needed else 0)


def test_who_has_it_open_is_named_with_what_they_do() -> None:
    """Five at most, so that a pool of workers does not fill the screen."""
    users = tuple(FileUser(pid, "gunicorn") for pid in range(10, 17))
    passed = judge_place(replace(PLACE, users=users), WISHES).passed
    (line,) = [text for text in passed if "gunicorn" in text]
    assert line.startswith("open in process 10 (gunicorn), ")
    assert "and 2 more" in line and "process 15" not in line


@pytest.mark.parametrize(
    ("version", "races"),
    [("3.40.1", True), ("3.51.2", True), ("3.51.3", False), ("3.50.7", False), ("3.44.6", False)],
)
def test_the_applications_sqlite_is_judged(version: str, races: bool) -> None:
    """The WAL-reset race is in 3.7.0 to 3.51.2, but not in two mended branches."""
    found = judge_state(PLACE, STATE, replace(WISHES, application_version=version))
    assert bool(found.warnings) is races
    assert found.not_checked == ()


def test_an_application_from_before_wal_is_refused() -> None:
    """It could not open the file any more."""
    with pytest.raises(RefusedError, match=r"3\.6\.23 cannot open a WAL database"):
        judge_place(PLACE, replace(WISHES, application_version="3.6.23")).require_passed()


def test_an_unknown_application_is_told_what_python_has() -> None:
    """The application often runs on the same library."""
    wishes = replace(WISHES, application_version=None, library_version="3.40.1")
    found = judge_state(PLACE, STATE, wishes)
    assert found.warnings == ()
    assert any("--app-sqlite" in text and "3.40.1, has it" in text for text in found.not_checked)


def test_damage_is_refused() -> None:
    """Switching would write to a file that needs saving first."""
    state = replace(STATE, integrity_errors=("row 5 missing from index i", "and more"))
    with pytest.raises(RefusedError, match="is damaged: row 5 missing"):
        judge_state(PLACE, state, WISHES).require_passed()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database with a foreign key, in rollback-journal mode."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE a (id INTEGER PRIMARY KEY);"
            "CREATE TABLE b (a_id INTEGER REFERENCES a);"
            "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);"
        )
    return path


def test_the_place_of_a_real_file_is_read(database: Path) -> None:
    """Sizes, links, rights and the file's own word on its journal mode."""
    os.link(database, database.with_name("second.db"))
    database.with_name("app.db-journal").write_bytes(b"12345")
    database.with_name(".app.db-litestream").mkdir()
    place = read_place(database)
    assert place.size_bytes == database.stat().st_size
    assert (place.wal_bytes, place.journal_bytes, place.hard_links) == (0, 5, 2)
    assert place.header_in_wal is False
    assert place.folder_writable and place.runs_as_owner and place.litestream
    assert place.free_bytes > 0


def test_the_file_says_itself_that_it_is_in_wal_mode(database: Path) -> None:
    """An empty file says nothing."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert read_place(database).header_in_wal is True
    empty = database.with_name("empty.db")
    empty.touch()
    assert read_place(empty).header_in_wal is None


def test_a_wal_of_another_file_is_recognised(database: Path, tmp_path: Path) -> None:
    """As after restoring a .db file without removing the -wal that lay beside the old one."""
    donor = tmp_path / "donor.db"
    with closing(sqlite3.connect(donor)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")
        shutil.copy(tmp_path / "donor.db-wal", tmp_path / "app.db-wal")
    with pytest.raises(RefusedError, match="not in WAL mode"):
        judge_place(read_place(database), WISHES).require_passed()


def test_links_and_missing_files_are_refused(database: Path) -> None:
    """A symbolic link is not written through, and a missing file stays missing."""
    link = database.with_name("link.db")
    link.symlink_to(database)
    with pytest.raises(RefusedError, match="symbolic link"):
        read_place(link)
    with pytest.raises(SourceError, match="does not exist"):
        read_place(database.with_name("missing.db"))


@pytest.mark.parametrize(("broken", "expected"), [(False, True), (True, False)])
def test_the_state_says_whether_foreign_keys_hold(
    database: Path, broken: bool, expected: bool
) -> None:
    """Only where they do is PRAGMA foreign_keys worth offering."""
    if broken:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("INSERT INTO b VALUES (99)")
            connection.commit()
    with closing(open_readonly(database)) as connection:
        state = read_state(connection, database)
    assert state.foreign_keys is expected
    assert (state.journal_mode, state.page_size_bytes) == ("delete", 4096)
    assert state.integrity_errors == ()


LOCKS = """\
1: POSIX  ADVISORY  READ  11 fe:00:77 1073741826 1073742335
2: POSIX  ADVISORY  READ  12 fe:00:77 1073741826 1073742335
2: -> POSIX  ADVISORY  WRITE 13 fe:00:77 1073741825 1073741825
3: POSIX  ADVISORY  WRITE 12 fe:00:77 1073741825 1073741825
4: FLOCK  ADVISORY  WRITE 14 fe:00:77 0 EOF
5: POSIX  ADVISORY  WRITE 15 fe:00:78 1073741825 1073741825
6: POSIX  ADVISORY  WRITE 16 fe:00:77 0 99
7: POSIX  ADVISORY  WRITE 17 fe:00:77 0 EOF
8: OFDLCK ADVISORY  READ  -1 fe:00:77 1073741826 1073742335
"""


def test_locks_tell_readers_from_writers() -> None:
    """Those of other files, of other kinds and of other bytes say nothing."""
    assert activities(LOCKS, 77) == {
        11: "reading",
        12: "writing",
        17: "writing",
        -1: "reading",
    }


@linux_only
def test_a_process_is_seen_reading_and_writing(database: Path) -> None:
    """An idle connection is neither."""
    with other_process(database) as other:
        other.run("SELECT 1")
        assert active_users(database) == ()
        other.run("BEGIN")
        other.run("SELECT * FROM a")
        assert [str(user).split(") ")[1] for user in active_users(database)] == ["is reading"]
        other.run("DELETE FROM b")
        (writer,) = active_users(database)
        assert (writer.user.pid, writer.activity) == (other.pid, "writing")
        other.run("ROLLBACK")
        assert active_users(database) == ()


@pytest.mark.parametrize("marker", [True, False])
def test_a_container_is_recognised_by_what_its_runtime_leaves(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker: bool
) -> None:
    """A file on another device than the root is on a volume there."""
    for name in ("container", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    groups = tmp_path / "cgroup"
    groups.write_text("0::/\n")
    monkeypatch.setattr(container, "_FIRST_PROCESS_GROUPS", groups)
    monkeypatch.setattr(container, "_MARKERS", (database,) if marker else ())
    elsewhere = Path("/proc/self/status")
    if elsewhere.exists():
        assert container.container_storage(elsewhere) == ("volume" if marker else "host")
    groups.write_text("0::/kubepods/besteffort/pod1\n")
    if elsewhere.exists():
        assert container.container_storage(elsewhere) == "volume"
