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
from dbtune.report.plain_text import printable, shorten
from dbtune.report.quantities import format_count, format_duration, format_size

_MOST_TOLD = 10
_LONGEST_COMMAND = 100
# A server ends so where Ctrl-C ends it, which is no failure.
_LEAST_OF_SIGNALS = 128


def tell_run(run: RecordingRun) -> None:
    """Write what was recorded, what was not, and what comes next."""
    quiet = (click.get_current_context().obj or {}).get("quiet")
    lines = [*_problems(run)] if quiet else [*_lines(run)]
    # The command may have taken stderr with it; its exit code matters more.
    with contextlib.suppress(OSError):
        for line in lines:
            note(printable(line))


def _lines(run: RecordingRun) -> Iterator[str]:
    if run.tally.statements:
        yield _summary(run)
        yield from _next(run)
    else:
        yield from _nothing(run)
    yield from _problems(run)


def _next(run: RecordingRun) -> Iterator[str]:
    queries = " ".join(f"--queries {_quote(path)}" for path in run.files)
    if run.database is not None:
        yield f"Next: dbtune analyze {_quote(run.database)} {queries}"
        return
    yield f"Next: dbtune queries {' '.join(map(_quote, run.files))}"
    yield (
        "Hint: its database was in memory or is gone; to analyze, give one with the same tables: "
        f"dbtune analyze DB {queries}"
    )


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
    if any(process.problem in ("hidden", "failed") for process in run.unrecorded):
        return  # what is told of them says why
    if run.python_seen and 0 < run.exit_code < _LEAST_OF_SIGNALS:
        yield (
            f"Hint: the command ended with exit code {run.exit_code} and sent no statement: what "
            "it said itself stands above."
        )
    elif run.python_seen:
        yield (
            "Hint: Python ran, and sent no statement through sqlite3 or apsw. Use the application "
            "while it is recorded, and see that its database is SQLite."
        )
    else:
        yield (
            "Hint: no Python process was seen. The recorder runs inside Python; programs in other "
            "languages, and Python in a container or under another user, cannot be recorded so."
        )


def _problems(run: RecordingRun) -> Iterator[str]:
    if run.tally.dropped:
        dropped = _counted(run.tally.dropped, "statement was", "statements were")
        yield f"Note: {dropped} left out: the file was full, or came faster than it was written."
    told = Counter(_told(process) for process in run.unrecorded)
    for text, times in list(told.items())[:_MOST_TOLD]:
        yield f"Note: {text}" if times == 1 else f"Note: {times} times: {text}"
    if len(told) > _MOST_TOLD:
        yield f"Note: {len(told) - _MOST_TOLD} more like these."


def _told(process: UnrecordedProcess) -> str:
    name = shorten(printable(process.command), _LONGEST_COMMAND) or "a process"
    if process.pid is not None:
        name = f"{name} (pid {process.pid})"
    if process.problem == "hidden":
        return f"not recorded, since {_hidden(process.detail)}: {name}"
    if process.problem == "failed":
        return f"statements are missing, since the recorder failed ({process.detail}): {name}"
    if process.problem == "running":
        return f"still running, and recorded on: {name}"
    if process.problem == "os-exit":
        return f"ended by os._exit; what it had sent until then is recorded: {name}"
    return f"killed or crashed; what it sent in its last 200 ms may be missing: {name}"


def _hidden(detail: str) -> str:
    if detail == "environment":
        return (
            "its environment lacks what dbtune set (pass on PYTHONPATH and the DBTUNE_RECORD_* "
            "variables)"
        )
    if detail:
        return f"{detail} keeps Python from loading the recorder (start it without {detail})"
    return "its Python did not load the recorder"


def _counted(count: int, one: str, many: str) -> str:
    return f"{format_count(count)} {one if count == 1 else many}"


def _quote(path: str) -> str:
    return shlex.quote(_shown_path(path))


def _shown_path(path: str) -> str:
    """Return a path relative to the working directory where it lies below it."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
