"""Backup files: checked, private, whole or not there, and only dbtune's own are pruned."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dbtune.errors import DbtuneError, LockedError, RefusedError, VerificationError
from dbtune.model.event import Event
from dbtune.sqlite.copies.backup import back_up, backup_beside, prune_backups
from dbtune.sqlite.copies.backup_names import backup_name, backups_in, unfinished_in
from dbtune.sqlite.file import free_space
from dbtune.sqlite.schema.contents import Contents, TableContents, differences
from tests.fixtures import hostile
from tests.fixtures.hostile import build_more, ordinary
from tests.fixtures.other_process import (
    NOBODY,
    let_everyone_enter,
    other_process,
    run_as_nobody,
)

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes, owners and links of POSIX")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


def dump(path: Path) -> list[str]:
    """Return a database's content as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_backup_holds_what_the_database_holds(database: Path, mode: str) -> None:
    """Rows that are in the -wal only included, with the journal mode of the original."""
    with other_process(database) as other:
        other.run(f"PRAGMA journal_mode = {mode}")
        other.run("DELETE FROM users WHERE id <= 10")
        target = back_up(database, database.with_name("copy.db"))
        assert os.path.exists(f"{target}-wal") is False
    assert dump(target) == dump(database)
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)


@posix_only
def test_a_backup_has_the_mode_and_owner_of_the_original(database: Path) -> None:
    """Whoever may not read the database may not read its backup, also while it is written."""
    database.chmod(0o640)
    if os.getuid() == 0:
        os.chown(database, 1234, 1235)
    modes = []

    def look(event: Event) -> None:
        partial = database.with_name("copy.db.partial")
        modes.append(partial.stat().st_mode & 0o777)

    target = back_up(database, database.with_name("copy.db"), on_event=look)
    assert set(modes) == {0o600}
    wanted, found = database.stat(), target.stat()
    assert (found.st_mode, found.st_uid, found.st_gid) == (
        wanted.st_mode,
        wanted.st_uid,
        wanted.st_gid,
    )


@posix_only
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_an_ordinary_user_backs_up_a_file_that_may_only_be_read(database: Path, mode: str) -> None:
    """The backup has that mode too, and is flushed to the disk nevertheless."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    let_everyone_enter(database.parent)
    database.parent.chmod(0o777)
    database.chmod(0o444)
    if os.getuid() == 0:
        os.chown(database, NOBODY, NOBODY)
    script = (
        "from pathlib import Path; dbtune.sqlite.copies.backup.back_up(*map(Path, sys.argv[1:]))"
    )
    target = database.with_name("copy.db")
    run_as_nobody(script, database, target)
    assert target.stat().st_mode & 0o777 == 0o444
    assert dump(target) == dump(database)


@posix_only
def test_the_companion_folder_is_as_open_as_the_database(database: Path) -> None:
    """Its owner is the database's; a private database has a private folder."""
    database.chmod(0o600)
    if os.getuid() == 0:
        os.chown(database, 1234, 1235)
    folder = backup_beside(database).parent
    assert folder == database.with_name("shop.db.dbtune")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == database.stat().st_uid


@posix_only
def test_a_companion_folder_that_is_not_dbtunes_is_refused(database: Path, tmp_path: Path) -> None:
    """A link could lead the backups, with all data, to somewhere else."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    database.with_name("shop.db.dbtune").symlink_to(elsewhere)
    with pytest.raises(RefusedError, match="is not a folder of dbtune's own"):
        backup_beside(database)
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError])
def test_an_end_in_the_middle_leaves_nothing(database: Path, error: type[BaseException]) -> None:
    """Neither the file nor its partial name; the next attempt succeeds."""

    def fail(event: Event) -> None:
        raise error

    target = database.with_name("copy.db")
    with pytest.raises(error):
        back_up(database, target, on_event=fail)
    assert os.listdir(database.parent) == ["shop.db"]
    assert dump(back_up(database, target)) == dump(database)


def test_a_damaged_database_makes_no_backup(tmp_path: Path) -> None:
    """A copy with errors is worse than none, since it would push good ones out."""
    path = tmp_path / "damaged.db"
    hostile.corrupt_data_page(path)
    with pytest.raises(VerificationError, match="has errors"):
        back_up(path, tmp_path / "copy.db")
    assert os.listdir(tmp_path) == ["damaged.db"]


def test_what_only_the_application_can_check_is_backed_up(tmp_path: Path) -> None:
    """Unknown functions, collations and modules are no damage."""
    for builder in (hostile.custom_functions, hostile.unknown_modules, hostile.dirty_values):
        path = tmp_path / f"{builder.__name__}.db"
        builder(path)
        back_up(path, tmp_path / f"copy of {path.name}")


def test_no_room_is_told_with_numbers(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written."""
    monkeypatch.setattr(free_space, "free_bytes", lambda folder: 20_000_000 - 3_300_000)
    with pytest.raises(RefusedError, match=r"it needs 0\.2 MB, and 16\.7 MB are free"):
        back_up(database, database.with_name("copy.db"))
    assert os.listdir(database.parent) == ["shop.db"]


def test_a_lock_ends_the_backup(database: Path) -> None:
    """And leaves nothing."""
    with other_process(database) as other:
        other.run("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError):
            back_up(database, database.with_name("copy.db"), wait_ms=50)
        other.run("ROLLBACK")
    assert os.listdir(database.parent) == ["shop.db"]


def _existing(target: Path) -> None:
    target.write_text("mine")


def _partial(target: Path) -> None:
    target.with_name(target.name + ".partial").write_text("mine")


def _link(target: Path) -> None:
    target.symlink_to(target.with_name("nowhere"))


@posix_only
@pytest.mark.parametrize("prepare", [_existing, _partial, _link])
def test_nothing_is_overwritten(database: Path, prepare: Callable[[Path], None]) -> None:
    """Not a file, not another run's partial one, not where a link points to."""
    target = database.with_name("copy.db")
    prepare(target)
    before = sorted(os.listdir(database.parent))
    with pytest.raises(RefusedError, match="exists"):
        back_up(database, target)
    assert sorted(os.listdir(database.parent)) == before


def test_a_writer_in_between_does_not_fail_the_comparison(database: Path) -> None:
    """The source then differs rightly: the copy stands by its own check."""
    with other_process(database) as other:

        def write(event: Event) -> None:
            if event.done == event.total is not None:
                other.run("DELETE FROM users WHERE id <= 10")

        target = back_up(database, database.with_name("copy.db"), on_event=write)
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)


def test_a_copy_that_differs_is_not_made_visible(database: Path) -> None:
    """A disk that drops a write, say: rows are missing, and quick_check finds nothing wrong."""

    def lose_rows(event: Event) -> None:
        if event.stage == "Checking the backup":
            build_more(database.with_name("copy.db.partial"), "DELETE FROM orders WHERE id < 5")

    with pytest.raises(VerificationError, match=r"table orders has 996 rows .* instead of 1000"):
        back_up(database, database.with_name("copy.db"), on_event=lose_rows)
    assert os.listdir(database.parent) == ["shop.db"]


def test_differences_are_named() -> None:
    """Objects that lack or differ, and tables with other rows."""
    source = Contents(
        (("table", "a", "CREATE TABLE a (x)"), ("table", "b", "CREATE TABLE b (x)")),
        (TableContents("a", 3, 1, 3), TableContents("b", 5, 1, 5)),
    )
    assert differences(source, source) == ()
    copy = Contents(
        (("table", "a", "CREATE TABLE a (x)"), ("index", "i", None)),
        (TableContents("a", 2, 1, 2),),
    )
    assert differences(source, copy) == (
        "table b is missing or differs",
        "index i is not in the source, or differs",
        "table a has 2 rows (rowids 1 to 2) instead of 3 (1 to 3)",
    )


def test_names_are_of_the_second_and_numbered_within_it() -> None:
    """Two backups of a second do not collide, nor does one that is being written."""
    moment = datetime(2031, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
    assert backup_name(moment, ()) == "backup-20310203T040506Z.db"
    taken = ("backup-20310203T040506Z.db", "backup-20310203T040506Z-2.db.partial")
    assert backup_name(moment, taken) == "backup-20310203T040506Z-3.db"
    freed = {"backup-20310203T040506Z-2.db", "backup-20310203T040506Z-3.db", "notes.txt"}
    assert backup_name(moment, freed) == "backup-20310203T040506Z-4.db"


def test_only_dbtunes_own_backups_are_pruned(database: Path, tmp_path: Path) -> None:
    """The newest stay; other names, folders and links stay whatever they look like."""
    folder = tmp_path / "backups"
    folder.mkdir()
    days = [folder / f"backup-2031020{day}T000000Z.db" for day in range(1, 6)]
    for path in (*days, folder / "backup-20310205T000000Z-10.db"):
        shutil.copy(database, path)
    others = ("backup-2031.db", "mybackup-20310201T000000Z.db", "backup-20310201T000000Z.db.old")
    for name in others:
        shutil.copy(database, folder / name)
    (folder / "backup-20300101T000000Z.db").mkdir()
    days[0].with_name(days[0].name + "-wal").touch()
    prune_backups(folder, 2, spare=days[1])
    kept = {"backup-20310205T000000Z-10.db", days[4].name, days[1].name}
    assert set(os.listdir(folder)) == {*kept, *others, "backup-20300101T000000Z.db"}
    assert [path.name for path in backups_in(folder)] == sorted(kept, reverse=True, key=_by_day)


def test_what_a_killed_backup_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    """A file that was written to within the hour may be another run's."""
    young = tmp_path / "backup-20310201T000000Z.db.partial"
    old = tmp_path / "backup-20310101T000000Z.db.partial"
    for path in (young, old):
        path.touch()
    os.utime(old, (0, 0))
    assert set(unfinished_in(tmp_path)) == {young, old}
    prune_backups(tmp_path, 3)
    assert os.listdir(tmp_path) == [young.name]


def test_the_newest_three_are_kept(database: Path) -> None:
    """Each backup beside the database prunes the oldest."""
    made = [backup_beside(database) for _ in range(4)]
    assert backups_in(made[0].parent) == tuple(reversed(made[1:]))


def test_a_backup_of_another_database_is_not_in_the_way(database: Path) -> None:
    """Each database has its own folder."""
    other = database.with_name("other.db")
    shutil.copy(database, other)
    build_more(other, "DELETE FROM users")
    first, second = backup_beside(database), backup_beside(other)
    assert first.parent != second.parent
    assert dump(first) != dump(second)


def test_an_unwritable_target_is_refused(database: Path) -> None:
    """A folder that is not there, or a name the system refuses."""
    for target in (database.with_name("nowhere") / "copy.db", database.with_name("x" * 300)):
        with pytest.raises(DbtuneError):
            back_up(database, target)


def _by_day(name: str) -> tuple[str, bool]:
    return name[7:15], "-10" in name
