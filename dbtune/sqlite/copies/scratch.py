"""Throw-away copies of a database, in a private folder that is gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import ConfigurationError
from dbtune.model.event import OnEvent, ignore_event
from dbtune.model.schema import Schema
from dbtune.model.workload import ComparedValues
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.file.free_space import RESERVE_BYTES, free_bytes, require_free_bytes
from dbtune.sqlite.file.stale_folders import claim_folder, remove_stale_folders
from dbtune.sqlite.page_copy import CopyOptions, copy_pages, database_bytes
from dbtune.sqlite.sampling.sampling import write_sample

FOLDER_PREFIX = "dbtune-"

# What is built beside a copy: a second copy for the proof, and indexes of up to twice its size
# (measured: pools of 60 to 334 MB on databases of 50 to 120 MB). A smaller factor fills the disk
# half-way; a larger one samples databases that would have fitted.
POOL_FACTOR = 4.0

# Without --scratch-mb: all copies, the pool and the files that SQLite sorts in stay under 2 GB.
DEFAULT_ROOM_BYTES = 1_800_000_000
_SHARE_OF_FREE_SPACE = 0.8

# What the advisor gets done on a copy in a second, pool, proof and checks included: 120 MB took 20
# to 50 s. A sample costs the same a byte, but more of it tells little more: beside 3 GB whole, 60
# to 200 MB of it led to sets of the same cost to some percent.
_WHOLE_BYTES_A_SECOND = 5_000_000
_SAMPLE_BYTES_A_SECOND = 2_000_000
_LEAST_SAMPLE_BYTES = 40_000_000


@dataclass(frozen=True)
class SampledTable:
    """A table of which the copy holds only this fraction of the rows."""

    name: str
    fraction: float


@dataclass(frozen=True)
class CopySize:
    """How large a copy may be: whole, or else as a sample."""

    whole_bytes: int
    sample_bytes: int


@dataclass(frozen=True)
class ScratchCopy:
    """A copy to be thrown away; `sampled` is empty where it is whole.

    `left_out` names what a sample could not take over: virtual tables that are too large or whose
    module is unknown, and objects that need functions or collations of the application's.
    """

    path: Path
    sampled: tuple[SampledTable, ...] = ()
    left_out: tuple[str, ...] = ()


@contextlib.contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user may enter, and remove it with all in it at the end.

    Also at an exception or KeyboardInterrupt; what a killed run left is removed by the next one.
    Raises ConfigurationError where it cannot be made.
    """
    base = Path(tempfile.gettempdir()) if parent is None else parent
    if not base.is_dir():
        raise ConfigurationError(
            f"the scratch folder {base} does not exist", hint="create it, or name another"
        )
    remove_stale_folders(base, FOLDER_PREFIX)
    try:
        folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=base))
    except OSError as error:
        raise ConfigurationError(
            f"the scratch folder {base} cannot be written to: {error.strerror}",
            hint="name another with --scratch DIR or TMPDIR",
        ) from error
    try:
        with claim_folder(folder):
            yield folder
    finally:
        _remove(folder)


def room_for_scratch(folder: Path, scratch_mb: float | None) -> int:
    """Return how many bytes scratch files may take: the user's limit, or a share of what is free.

    Never more than the disk has. One MB is a million bytes.
    """
    free = max(0, free_bytes(folder) - RESERVE_BYTES)
    if scratch_mb is not None:
        return min(int(scratch_mb * 1e6), free)
    return min(int(free * _SHARE_OF_FREE_SPACE), DEFAULT_ROOM_BYTES)


def copy_size(room_bytes: int, seconds: float | None) -> CopySize:
    """Return how large a copy may be, so that what is built beside it fits the room.

    And so that the advisor gets through with it within so many seconds, where those are given.
    """
    most = int(room_bytes / POOL_FACTOR)
    if seconds is None:
        return CopySize(most, most)
    return CopySize(
        min(most, max(_LEAST_SAMPLE_BYTES, int(seconds * _WHOLE_BYTES_A_SECOND))),
        min(most, max(_LEAST_SAMPLE_BYTES, int(seconds * _SAMPLE_BYTES_A_SECOND))),
    )


def copy_database(
    source: Path,
    schema: Schema,
    folder: Path,
    *,
    room_bytes: int | None = None,
    size: CopySize | None = None,
    compared: tuple[ComparedValues, ...] = (),
    allow_blocking: bool = False,
    on_event: OnEvent = ignore_event,
) -> ScratchCopy:
    """Copy a database into a scratch folder: whole if it fits the room, else a sample of it.

    Without a `size` a copy fits where POOL_FACTOR times its size does. A sample holds the rows with
    `compared` values beside others, as far as they are few. The copy keeps a rollback journal and
    is closed, so that apsw may open it. Raises RefusedError where the disk has no room, LockedError
    and SourceError as open_readonly does.
    """
    room = room_for_scratch(folder, None) if room_bytes is None else room_bytes
    size = size or copy_size(room, None)
    options = CopyOptions(
        allow_blocking=allow_blocking, on_event=on_event, stage="Copying the database"
    )
    with (
        closing(open_readonly(source, wait_ms=options.wait_ms)) as connection,
        failures_explained(source, wait_ms=options.wait_ms),
    ):
        needed = database_bytes(connection)
        path = _new_file(folder)
        if needed > size.whole_bytes:
            sample = write_sample(
                connection, source, schema, path, size.sample_bytes, options, compared
            )
            sampled = tuple(SampledTable(name, part) for name, part in sample.fractions)
            return ScratchCopy(path, sampled, sample.left_out)
        require_free_bytes(
            folder, needed, f"a copy of {source}", hint="name a folder with room: --scratch DIR"
        )
        _copy_whole(connection, source, path, options)
    return ScratchCopy(path)


def _copy_whole(
    connection: sqlite3.Connection, source: Path, path: Path, options: CopyOptions
) -> None:
    with closing(_open_copy(path)) as copy:
        copy_pages(connection, copy, source, options)
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()


def _open_copy(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    # A crash loses a copy that is thrown away anyway.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _new_file(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix="copy-", suffix=".db", dir=folder)
    with open(handle, "wb"):
        return Path(name)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise
