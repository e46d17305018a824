"""What `dbtune record` says once its command has ended, on stderr."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections import Counter
from collections.abc import Iterator

import click

from dbtune.cli.console import note
from dbtune.model.recording_run import RecordingRun, UnrecordedProcess
from dbtune.recorder.settings import RecorderSettings
from dbtune.report.quantities import format_count, format_duration, format_size
from dbtune.report.text import printable, shorten

_MOST_TOLD = 10
_LONGEST_COMMAND = 100


def tell_run(run: RecordingRun, settings: RecorderSettings) -> None:
    """Write what was recorded, what was not, and what comes next."""
    quiet = (click.get_current_context().obj or {}).get("quiet")
    lines = [*_problems(run, settings)] if quiet else [*_lines(run, settings)]
    # The command may have taken stderr with it; its exit code matters more.
    with contextlib.suppress(OSError):
        for line in lines:
            note(printable(line))


def _lines(run: RecordingRun, settings: RecorderSettings) -> Iterator[str]:
    if run.tally.statements:
        yield _summary(run)
        if run.database is not None:
            files = " ".join(f"--queries {_quote(path)}" for path in run.files)
            yield f"Next: dbtune analyze {_quote(run.database)} {files}"
    else:
        yield from _nothing(run)
    yield from _problems(run, settings)


def _summary(run: RecordingRun) -> str:
    tally = run.tally
    statements = _counted(tally.statements, "statement", "statements")
    processes = _counted(len(tally.process_ids), "process", "processes")
    files = ", ".join(_shown_path(path) for path in run.files)
    return (
        f"Recorded {statements} of {processes} in {format_duration(run.seconds * 1e9)} "
        f"to {files} ({format_size(run.size_bytes)})."
    )


def _nothing(run: RecordingRun) -> Iterator[str]:
    yield "Nothing was recorded."
    if run.python_seen:
        yield (
            "Hint: Python ran, and sent no statement through sqlite3 or apsw. Use the application "
            "while it is recorded, and see that its database is SQLite."
        )
    else:
        yield (
            "Hint: no Python process was seen. The recorder runs inside Python; programs in other "
            "languages, and Python in a container or under another user, cannot be recorded so."
        )


def _problems(run: RecordingRun, settings: RecorderSettings) -> Iterator[str]:
    if run.tally.dropped:
        dropped = _counted(run.tally.dropped, "statement was", "statements were")
        yield f"Note: {dropped} left out: the file was full, or came faster than it was written."
    told = Counter(_told(process, settings) for process in run.unrecorded)
    for text, times in list(told.items())[:_MOST_TOLD]:
        yield f"Note: {text}" if times == 1 else f"Note: {times} times: {text}"
    if len(told) > _MOST_TOLD:
        yield f"Note: {len(told) - _MOST_TOLD} more like these."


def _told(process: UnrecordedProcess, settings: RecorderSettings) -> str:
    name = shorten(printable(process.command), _LONGEST_COMMAND) or "a process"
    if process.problem == "hidden":
        return f"not recorded: {name}, {_hidden(process.detail)}"
    if process.problem == "failed":
        return f"not recorded: {name} (pid {process.pid}): {process.detail}"
    if process.problem == "running":
        return f"still running: {name} (pid {process.pid}); it goes on recording."
    if process.problem == "os-exit":
        return (
            f"{name} (pid {process.pid}) ended by os._exit: a statement whose rows it was still "
            "fetching is missing."
        )
    return (
        f"{name} (pid {process.pid}) was killed, or crashed: what it sent in its last 200 ms may "
        "be missing."
    )


def _hidden(detail: str) -> str:
    if detail == "environment":
        return (
            "whose environment lacks what dbtune set. Pass it PYTHONPATH and the DBTUNE_RECORD_* "
            "variables."
        )
    if detail:
        return f"since with {detail} Python does not load the recorder. Start it without {detail}."
    return "in which Python did not load the recorder."


def _counted(count: int, one: str, many: str) -> str:
    return f"{format_count(count)} {one if count == 1 else many}"


def _quote(path: str) -> str:
    return shlex.quote(_shown_path(path))


def _shown_path(path: str) -> str:
    """Return a path relative to the working directory where it lies below it."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
