"""`dbtune.record(engine, path)` and `dbtune.recording(path)`: recordings made from within."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from dbtune.errors import ConfigurationError
from dbtune.recorder import lazy_loads, pool_waits
from dbtune.recorder.recorder import Recorder, open_recorder
from dbtune.recorder.sent import Sent
from dbtune.recorder.settings import RecorderSettings

_log = logging.getLogger("dbtune")

# The name under which `dbtune record -- CMD` puts the recorder into the processes it starts.
_ARMED = "_dbtune_recorder"


class Recording:
    """A recording in the making; leaving its `with` block or `close()` ends it."""

    def __init__(self, path: Path, recorder: Recorder | None, end: Callable[[], None]) -> None:
        """Keep what ends it; without a recorder it is a recording of nothing."""
        self.path = path
        self._recorder = recorder
        self._end: Callable[[], None] | None = end

    @property
    def dropped(self) -> int:
        """How many statements were not written: the queue or the file was full."""
        return self._recorder.dropped if self._recorder is not None else 0

    def flush(self) -> None:
        """Write what was recorded so far, which else is done every 200 ms."""
        if self._recorder is not None:
            self._recorder.flush()

    def close(self) -> None:
        """Stop recording and write what is left; a second time changes nothing."""
        end, self._end = self._end, None
        if end is not None:
            end()
            if self._recorder is not None:
                self._recorder.close()

    def __enter__(self) -> Recording:
        """Return the recording."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the recording."""
        self.close()


def record(
    engine: Any,
    path: str | os.PathLike[str],
    *,
    params: bool = False,
    sample_rate: float = 1.0,
    slow_ms: float = 0.0,
    max_mb: float | None = None,
    keep: int = 0,
) -> Recording:
    """Record what a SQLAlchemy engine sends from now on, sync or async, in use already or not.

    A new file gets mode 0600; an existing one is appended to. Without `params` only types and
    lengths of values are written, and literals in the text become `?`. `sample_rate` is the part
    of requests, or of transactions outside of requests; `slow_ms` leaves out quicker statements;
    at `max_mb` the file is put aside as `.1`, of which `keep` are left, and with none recording
    stops. Inside `dbtune record -- CMD` it records nothing, since that does already. Raises
    ConfigurationError for what is no engine of SQLite, a value out of range, or a path that
    cannot be written.
    """
    settings = recording_settings(path, params, sample_rate, slow_ms, max_mb, keep)
    target = sync_engine(engine)
    lazy_loads.watch()
    pool_waits.watch()
    return begin_recording(settings, partial(_watch_connections, target))


def _watch_connections(engine: Any, note: Callable[[Sent], None]) -> Callable[[], None]:
    """Tell `note` what an engine sends, through connections from before and new ones."""
    from dbtune.integrations.engine_connection import is_told_by, watch_new_connections
    from dbtune.integrations.engine_watch import watch_engine

    with ExitStack() as ends:
        ends.callback(watch_new_connections(engine, note))
        is_told = partial(is_told_by, engine.dialect)
        ends.callback(watch_engine(engine, note, passes_over=is_told))
        return ends.pop_all().close


def recording(
    path: str | os.PathLike[str],
    *,
    params: bool = False,
    sample_rate: float = 1.0,
    slow_ms: float = 0.0,
    max_mb: float | None = None,
    keep: int = 0,
) -> Recording:
    """Record what this process sends to SQLite inside a `with` block; options as of `record`.

    Seen is what goes through connections of Python's sqlite3 that are opened inside, in any
    thread, and also through older ones of SQLAlchemy's engines and of Django's. Not seen are
    other connections from before, and other processes. What is still open afterwards goes on
    unrecorded. Requests of Flask and Django get ids. Raises ConfigurationError as `record` does.
    """
    from dbtune.integrations.query_watch import watch_queries

    settings = recording_settings(path, params, sample_rate, slow_ms, max_mb, keep)
    return begin_recording(settings, watch_queries)


def begin_recording(
    settings: RecorderSettings, watch: Callable[[Callable[[Sent], None]], Callable[[], None]]
) -> Recording:
    """Record what `watch` tells the function that it gets; it returns what ends that.

    Inside `dbtune record -- CMD` nothing is recorded. Raises ConfigurationError for a path that
    cannot be written.
    """
    if is_recorded_from_outside():
        _log.info("dbtune record records this process already; nothing goes to %s", settings.path)
        return Recording(Path(settings.path), None, lambda: None)
    recorder = _open(settings)
    return Recording(Path(settings.path), recorder, watch(recorder.note))


def is_recorded_from_outside() -> bool:
    """Tell whether `dbtune record -- CMD` started this process and records it."""
    return _ARMED in sys.modules


def _open(settings: RecorderSettings) -> Recorder:
    try:
        return open_recorder(settings)
    except OSError as error:
        raise ConfigurationError(
            f"{settings.path} cannot be recorded to: {error.strerror or error}",
            hint="give a file in a folder that exists and can be written",
        ) from error


def recording_settings(
    path: str | os.PathLike[str],
    params: bool = False,
    sample_rate: float = 1.0,
    slow_ms: float = 0.0,
    max_mb: float | None = None,
    keep: int = 0,
) -> RecorderSettings:
    """Return how to record. Raises ConfigurationError for a value out of range."""
    _require(sample_rate, "sample_rate", lambda rate: 0 < rate <= 1, "above 0 and at most 1")
    _require(slow_ms, "slow_ms", lambda slow: slow >= 0, "from 0 on")
    if max_mb is not None:
        _require(max_mb, "max_mb", lambda size: size > 0, "above 0")
    _require(
        keep, "keep", lambda kept: kept == 0 or (kept > 0 and max_mb), "from 0 on, with max_mb"
    )
    absolute = os.path.abspath(os.fspath(path))
    return RecorderSettings(absolute, params, sample_rate, slow_ms, max_mb, keep)


def _require(value: object, name: str, holds: Callable[[Any], Any], expected: str) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not holds(value):
        raise ConfigurationError(f"{name} is {value!r}; expected a number {expected}")


def sync_engine(engine: Any) -> Any:
    """Return the engine itself, or the one behind an asynchronous one.

    Raises ConfigurationError for what is no engine of SQLite.
    """
    from sqlalchemy import Engine

    found = getattr(engine, "sync_engine", engine)
    if not isinstance(found, Engine):
        raise ConfigurationError(
            f"dbtune.record needs an Engine of SQLAlchemy, not {type(engine).__name__}",
            hint="for Flask-SQLAlchemy db.engine; without an engine use dbtune.recording(path)",
        )
    if found.dialect.name != "sqlite":
        raise ConfigurationError(
            f"dbtune.record is for SQLite, and this engine is of {found.dialect.name}",
            hint="create it with a sqlite:/// URL",
        )
    return found
