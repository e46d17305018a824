"""Asks the lookout for what a database's files say, and makes figures of it."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbtune.errors import ConfigurationError
from dbtune.monitor.wal_index import in_wal_mode
from dbtune.sqlite.file.file_users import LOOKOUT
from dbtune.sqlite.file.header import describe_content

# A look takes well under a millisecond. A network file system that hangs answers to nothing, and
# a busy machine may keep a process waiting for seconds.
_PATIENCE_SECONDS = 10.0
_PROGRAM = f"import sys; sys.path.append(sys.argv[2]); from {LOOKOUT} import main; main()"
_FOLDER = Path(__file__).resolve().parents[2]
_MAGIC = b"SQLite format 3\0"
_RESTORE = "restore it from a backup"
_SCHEMA_PAGE_KINDS = (5, 13)  # https://www.sqlite.org/fileformat2.html#b_tree_pages


@dataclass(frozen=True)
class FileState:
    """What a database's files say; `problem` completes "DB ..." where there is nothing to say.

    None is what is not known at the moment. `reader_seconds` is how long the oldest reader has
    been in the way, `identity` tells one file from another at the same place.
    """

    problem: str | None = None
    hint: str | None = None
    identity: tuple[int, int] | None = None
    wal_mode: bool | None = None
    size_bytes: int | None = None
    wal_bytes: int | None = None
    freelist_bytes: int | None = None
    lag_bytes: int | None = None
    busy_ratio: float | None = None
    reader_seconds: float | None = None
    reader_pid: int | None = None
    cached_ratio: float | None = None
    pids: frozenset[int] = frozenset()


class FileProbe:
    """A running lookout; `own_pid` is its process, which is none of the database's users."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._child = _start(path)

    @property
    def own_pid(self) -> int:
        """The lookout's process."""
        return self._child.pid

    def read(self) -> FileState:
        """Return what the files say now, with the looks at the locks since the last time.

        A lookout that ended or does not answer is replaced, and that is the problem told.
        """
        line = _ask(self._child, _PATIENCE_SECONDS)
        if line:
            return _file_state(json.loads(line))
        self.close()
        self._child = _start(self._path)
        return FileState(
            problem=f"could not be looked at for {_PATIENCE_SECONDS:g} s"
            if line is None
            else "could not be looked at, as the process that does so was ended"
        )

    def close(self) -> None:
        """End the lookout."""
        self._child.kill()
        self._child.communicate()


@contextlib.contextmanager
def open_probe(path: Path) -> Iterator[FileProbe]:
    """Start a lookout for the time of the block."""
    with contextlib.closing(FileProbe(path)) as probe:
        yield probe


def _start(path: Path) -> subprocess.Popen[bytes]:
    if "py" not in Path(sys.executable or "").name.lower():
        raise ConfigurationError(
            "the monitor needs Python's own program, and this one is embedded in another",
            hint="start dbtune with the Python that it is installed in",
        )
    try:
        return subprocess.Popen(
            # Without what site-packages and the environment would start, and dbtune behind the
            # standard library, whose modules nothing here may stand in for.
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(path), str(_FOLDER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )
    except OSError as error:
        raise ConfigurationError(
            f"the monitor cannot start {sys.executable}: {error.strerror}",
            hint="its user has to be able to run the Python that dbtune is installed in",
        ) from error


def _ask(child: subprocess.Popen[bytes], patience_seconds: float) -> bytes | None:
    """Return the answer, None where none came in time, nothing where the process has ended."""
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdin.write(b"\n")
        child.stdin.flush()
    except OSError:
        return b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        return child.stdout.readline() if selector.select(patience_seconds) else None


def _file_state(said: dict[str, Any]) -> FileState:
    if "error" in said:
        return FileState(problem=said["error"])
    header = bytes.fromhex(said["header"])
    identity = (said["identity"][0], said["identity"][1])
    problem, hint = _problem_of(header, said["size"])
    if problem:
        return FileState(problem=problem, hint=hint, identity=identity)
    looked = said["looks"] > 0
    first_page = said["first_page"]
    return FileState(
        identity=identity,
        wal_mode=in_wal_mode(header),
        size_bytes=said["size"],
        wal_bytes=said["wal_size"],
        freelist_bytes=None if first_page is None else _freelist_bytes(bytes.fromhex(first_page)),
        lag_bytes=said.get("lag"),
        busy_ratio=said["busy_looks"] / said["looks"] if looked else None,
        reader_seconds=said["reader_seconds"] if looked else None,
        reader_pid=said["reader_pid"],
        cached_ratio=said["cached"],
        pids=frozenset(said["pids"]),
    )


def _problem_of(header: bytes, size: int) -> tuple[str | None, str | None]:
    """Return why a file is no database that can be watched, and a hint.

    A file may be shorter than its header says for a moment, while a commit makes it longer; its
    first page is whole from the beginning on.
    """
    if not size:
        return None, None  # an empty file is a database without tables
    page_bytes = _page_bytes(header)
    if not header.startswith(_MAGIC) or page_bytes < 512 or page_bytes & (page_bytes - 1):
        kind, hint = describe_content(header)
        return f"is {kind}", hint
    if size < page_bytes:
        return f"is truncated: its first page has {size:,} of {page_bytes:,} bytes", _RESTORE
    if header[100] not in _SCHEMA_PAGE_KINDS:
        return "is damaged: its first page holds no schema", _RESTORE
    return None, None


def _freelist_bytes(header: bytes) -> int:
    return _page_bytes(header) * int.from_bytes(header[36:40], "big") if header else 0


def _page_bytes(header: bytes) -> int:
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size
