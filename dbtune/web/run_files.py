"""The files that runs are read from: looked at again with each request, read where they changed."""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import ConfigurationError
from dbtune.model.run import Run
from dbtune.report.documents.run_file import read_run_file
from dbtune.web.addresses import short_id
from dbtune.web.summary import RunSummary, summary_of

_LOG = logging.getLogger(__name__)
# A report of 500 query shapes has some MB; what is far larger was not written by dbtune.
_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class LeftOut:
    """A file that holds no run, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class FoundRuns:
    """What the files hold now."""

    runs: tuple[RunSummary, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _Seen:
    """What was read of a file while it looked like `state`."""

    state: tuple[int, int, int]
    holds: RunSummary | LeftOut


class RunFiles:
    """Runs in files, and in folders' files that end in .json; nothing is ever written.

    Of each run its summary is kept; the run itself is read again when it is asked for. Threads
    may use it together.
    """

    def __init__(self, places: Iterable[Path]) -> None:
        """Raises ConfigurationError for a place that is not there or cannot be seen."""
        self._places = tuple(Path(os.path.abspath(place)) for place in places)
        for place in self._places:
            try:
                os.stat(place)
            except OSError as error:
                missing = isinstance(error, FileNotFoundError)
                why = "does not exist" if missing else f"cannot be read: {error.strerror}"
                raise ConfigurationError(
                    f"{place} {why}",
                    hint="name files that commands wrote with --output, or a folder of them",
                ) from error
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}

    def find(self) -> FoundRuns:
        """Return what the files hold now; those that did not change are not read again."""
        with self._lock:
            paths, closed = self._paths()
            self._seen = {path: self._look(path) for path in dict.fromkeys(paths)}
            held = [*closed, *(seen.holds for seen in self._seen.values())]
        return FoundRuns(
            tuple(each for each in held if isinstance(each, RunSummary)),
            tuple(each for each in held if isinstance(each, LeftOut)),
        )

    def read(self, run_id: str) -> tuple[RunSummary, Run] | None:
        """Return a run by its id; None where no file holds it now."""
        found = next((run for run in self.find().runs if run.id == run_id), None)
        if found is None:
            return None
        try:
            return found, read_run_file(Path(found.path))
        except ConfigurationError:
            return None  # it was replaced since

    def _paths(self) -> tuple[list[str], list[LeftOut]]:
        """Return the files to look at, and the folders that cannot be listed."""
        paths: list[str] = []
        closed: list[LeftOut] = []
        for place in self._places:
            try:
                names = sorted(os.listdir(place))
            except NotADirectoryError:
                paths.append(str(place))
            except OSError as error:
                closed.append(LeftOut(str(place), f"cannot be read: {error.strerror}"))
            else:
                paths += (str(place / name) for name in names if name.lower().endswith(".json"))
        return paths, closed

    def _look(self, path: str) -> _Seen:
        try:
            found = os.stat(path)
        except OSError as error:
            return _Seen((0, 0, 0), LeftOut(path, f"cannot be read: {error.strerror}"))
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        seen = self._seen.get(path)
        if seen is not None and seen.state == state:
            return seen
        return _Seen(state, _read(path, found))


def _read(path: str, found: os.stat_result) -> RunSummary | LeftOut:
    # Opening a pipe would wait for who writes into it.
    if not stat.S_ISREG(found.st_mode):
        return LeftOut(path, "no regular file")
    if found.st_size > _MOST_BYTES:
        return LeftOut(path, f"{found.st_size / 1e6:,.0f} MB, which no run of dbtune has")
    try:
        return summary_of(read_run_file(Path(path)), short_id(path), path)
    except ConfigurationError as error:
        return LeftOut(path, error.message.removeprefix(path).removeprefix(":").strip())
    except Exception as error:  # noqa: BLE001 - one odd file must not hide all others
        _LOG.debug("%r cannot be drawn", path, exc_info=error)
        return LeftOut(path, f"cannot be drawn, which is a bug in dbtune: {type(error).__name__}")
