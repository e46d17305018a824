"""May a database be switched to WAL? Decided from facts alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.errors import RefusedError
from dbtune.sqlite.file.filesystem import is_network_filesystem
from dbtune.sqlite.file.free_space import RESERVE_BYTES, megabytes
from dbtune.sqlite.library_version import has_wal_reset_race, version_number
from dbtune.sqlite.wal import WalPlace, WalState

_FIRST_WITH_WAL = (3, 7, 0)
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_SHOWN_USERS = 5


@dataclass(frozen=True)
class Wishes:
    """What was asked for, and on which libraries: `library_version` is Python's."""

    backup: bool
    page_size_bytes: int | None
    application_version: str | None
    library_version: str


@dataclass(frozen=True)
class Refusal:
    """Why it must not be done, and what to do about it."""

    message: str
    hint: str


@dataclass(frozen=True)
class Preflight:
    """What was found. `passed` is what is fine, `warnings` what has to be known."""

    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    def require_passed(self) -> None:
        """Raise RefusedError with all reasons there are."""
        if self.refusals:
            raise RefusedError(
                "; ".join(refusal.message for refusal in self.refusals),
                hint="; ".join(refusal.hint for refusal in self.refusals),
            )

    def plus(self, other: Preflight) -> Preflight:
        """Return both together."""
        return Preflight(
            self.refusals + other.refusals,
            self.warnings + other.warnings,
            self.passed + other.passed,
            self.not_checked + other.not_checked,
        )


def judge_place(place: WalPlace, wishes: Wishes) -> Preflight:
    """Judge where the database lies, before anything opens it."""
    unknown = (
        ()
        if place.filesystem is not None
        else ("whether it lies on a local disk, which WAL needs: this system does not tell",)
    )
    return Preflight(
        refusals=tuple(_place_refusals(place, wishes)),
        warnings=tuple(_place_warnings(place)),
        passed=tuple(_place_passed(place)),
        not_checked=unknown,
    )


def judge_state(place: WalPlace, state: WalState, wishes: Wishes) -> Preflight:
    """Judge what the database says of itself, and the libraries that work on it."""
    hint = "restore it from a backup, or save what can be read: sqlite3 FILE .recover"
    damage = (
        Refusal(f"{place.path} is damaged: {error}", hint) for error in state.integrity_errors
    )
    sound = not (state.integrity_errors or state.not_checked)
    return Preflight(
        refusals=tuple(damage)[:1],
        warnings=tuple(_version_warnings(wishes)),
        passed=("quick_check found no damage",) if sound else (),
        not_checked=(*state.not_checked, *_unknown_version(wishes)),
    )


def _place_refusals(place: WalPlace, wishes: Wishes) -> Iterator[Refusal]:
    if place.network_path or is_network_filesystem(place.filesystem):
        yield Refusal(
            f"{place.path} lies on a network or shared file system "
            f"({place.filesystem or 'a network share'}), and WAL needs memory that all who use "
            "the database share on one machine",
            "move the database to a local disk, or keep the rollback journal",
        )
    if not place.folder_writable:
        yield Refusal(
            f"{place.path.parent} may not be written by this user, where SQLite keeps the -wal "
            "and -shm files",
            "run dbtune as the user that the application runs as",
        )
    if place.wal_bytes and place.header_in_wal is False:
        yield Refusal(
            f"{place.path.name}-wal ({megabytes(place.wal_bytes)}) lies beside a database that is "
            "not in WAL mode: it is left over from another file or an earlier state, and SQLite "
            "would apply it to this one",
            "move it and the -shm file away while nobody has the database open, then check the "
            "database",
        )
    needed = _needed_bytes(place, wishes)
    if needed and needed + RESERVE_BYTES > place.free_bytes:
        yield Refusal(
            f"no room in {place.path.parent}: {_purpose(wishes)} needs {megabytes(needed)}, and "
            f"{megabytes(place.free_bytes)} are free",
            "free some space"
            + (", or leave the backup out with --no-backup" if wishes.backup else ""),
        )
    version = version_number(wishes.application_version or "")
    if version and version < _FIRST_WITH_WAL:
        yield Refusal(
            f"the application's SQLite {wishes.application_version} cannot open a WAL database",
            "update it to 3.7.0 at least, better to 3.51.3",
        )


def _needed_bytes(place: WalPlace, wishes: Wishes) -> int:
    whole = place.size_bytes + place.wal_bytes
    # VACUUM writes the new file into a temporary one, and what it replaces into the journal:
    # https://www.sqlite.org/lang_vacuum.html
    return whole * (wishes.backup + 2 * (wishes.page_size_bytes is not None))


def _purpose(wishes: Wishes) -> str:
    parts = ["the backup"] if wishes.backup else []
    return " and ".join([*parts, *(["the new page size"] if wishes.page_size_bytes else [])])


def _place_warnings(place: WalPlace) -> Iterator[str]:
    yield (
        f"from now on a copy of the .db file alone misses what is still in {place.path.name}-wal: "
        "copy with dbtune backup"
    )
    if place.storage == "volume":
        yield (
            "it lies on a volume of a container: all processes that use it must run on one "
            "machine, and see the same folder, not the single file"
        )
    if place.storage == "layer":
        yield "it lies in the container's own layer, and is deleted with the container"
    if place.filesystem in _IN_MEMORY:
        yield f"it lies on {place.filesystem}, and is gone when the machine restarts"
    if (place.filesystem or "").startswith("fuse"):
        yield (
            f"it lies on {place.filesystem}: whether its shared memory serves WAL is not known "
            "here; ask its makers"
        )
    if place.hard_links > 1:
        yield (
            f"the file has {place.hard_links} names (hard links): whoever opens it by another "
            "name does not see its -wal, and damages it"
        )
    if not place.runs_as_owner:
        yield (
            "this user does not own the file: -wal and -shm made by this user while the "
            "application has it open may be closed to the application; better run dbtune as the "
            "application's user"
        )
    if place.litestream:
        yield (
            "Litestream replicates it: it needs WAL too, so stop it before dbtune rollback or "
            "--page-size"
        )


def _place_passed(place: WalPlace) -> Iterator[str]:
    if place.filesystem is not None and not is_network_filesystem(place.filesystem):
        yield f"it lies on a local disk ({place.filesystem})"
    yield f"{megabytes(place.free_bytes)} are free"
    if place.active:
        yield "; ".join(str(user) for user in place.active[:_SHOWN_USERS])
    elif place.users:
        shown = ", ".join(str(user) for user in place.users[:_SHOWN_USERS])
        rest = len(place.users) - _SHOWN_USERS
        more = f" and {rest} more" if rest > 0 else ""
        yield f"open in {shown}{more}: open connections do not hinder, open transactions do"


def _version_warnings(wishes: Wishes) -> Iterator[str]:
    version = wishes.application_version
    if version is not None and has_wal_reset_race(version):
        yield (
            f"the application's SQLite {version} has the WAL-reset race: with several "
            "connections, very rarely, a write during a checkpoint damages the database; run it "
            "on 3.51.3 or later (or 3.50.7, 3.44.6)"
        )


def _unknown_version(wishes: Wishes) -> Iterator[str]:
    if wishes.application_version is not None:
        return
    has = "has" if has_wal_reset_race(wishes.library_version) else "does not have"
    yield (
        "the application's SQLite (--app-sqlite): 3.7.0 to 3.51.2 have the WAL-reset race; "
        f"Python's own here, {wishes.library_version}, {has} it"
    )
