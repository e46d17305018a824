"""`record`: run a command so that all it sends to SQLite is recorded."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from dbtune.journeys.child_processes import ProcessWatch
from dbtune.journeys.recording_output import RecordingOutput, prepare_output
from dbtune.journeys.supervise import run_in_foreground
from dbtune.journeys.unrecorded import find_unrecorded, is_any_running
from dbtune.model.recording_run import RecordingRun, RecordingTally
from dbtune.recorder.hidden_children import HOOK_FOLDER, PATH_VARIABLE, hiding_reason
from dbtune.recorder.processes import HIDDEN, STATUS_VARIABLE, ProcessEvent, read_events
from dbtune.recorder.settings import RecorderSettings, to_environment
from dbtune.workload.recording_tally import tally_recordings

# Python's servers of multiprocessing notice some milliseconds later that the command has ended.
_GRACE_S = 0.5


def record(
    command: Sequence[str],
    settings: RecorderSettings,
    *,
    append: bool = False,
    overwrite: bool = False,
) -> RecordingRun:
    """Run a command and record what its Python processes send, to `settings.path`.

    Raises ConfigurationError or RefusedError for a place that no recording can go to, and
    DbtuneError with a shell's exit code where the command cannot be started.
    """
    output = prepare_output(settings, append=append, overwrite=overwrite)
    watch = ProcessWatch()
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="dbtune-record-") as folder:
            log = Path(folder) / "processes.jsonl"
            log.touch(mode=0o600)
            environ = child_environment(os.environ, settings, str(log))
            code = run_in_foreground(command, environ, watch.look)
            seconds = time.monotonic() - begun
            events = (*_hidden_command(command, environ), *_last_events(str(log)))
    finally:
        output.remove_if_empty()
    tally = tally_recordings(output.written())
    return RecordingRun(
        exit_code=128 - code if code < 0 else code,
        seconds=seconds,
        files=tuple(str(path) for path, _ in output.written()),
        size_bytes=_size_bytes(output),
        tally=tally,
        database=_database(tally),
        python_seen=bool(events or watch.seen()),
        unrecorded=find_unrecorded(events, watch.seen(), tally.process_ids),
    )


def child_environment(
    environ: Mapping[str, str], settings: RecorderSettings, log: str
) -> dict[str, str]:
    """Return the environment in which a Python program, and what it starts, records itself."""
    given = environ.get(PATH_VARIABLE, "")
    # An empty entry is the working directory, but an empty variable is no entry. Recorded within a
    # recording, it records to the inner one.
    entries = given.split(os.pathsep) if given else []
    others = [entry for entry in entries if entry != HOOK_FOLDER]
    return {
        **environ,
        **to_environment(settings),
        STATUS_VARIABLE: log,
        PATH_VARIABLE: os.pathsep.join([HOOK_FOLDER, *others]),
    }


def _last_events(log: str) -> tuple[ProcessEvent, ...]:
    """Return all events, after a moment for processes that end with the command."""
    until = time.monotonic() + _GRACE_S
    events = tuple(read_events(log))
    while is_any_running(events) and time.monotonic() < until:
        time.sleep(_GRACE_S / 50)
        events = tuple(read_events(log))
    return events


def _hidden_command(command: Sequence[str], environ: Mapping[str, str]) -> list[ProcessEvent]:
    reason = hiding_reason(command, environ)
    return [] if reason is None else [ProcessEvent(HIDDEN, 0, "", tuple(command), reason)]


def _size_bytes(output: RecordingOutput) -> int:
    return sum(path.stat().st_size - offset for path, offset in output.written())


def _database(tally: RecordingTally) -> str | None:
    """Return the database seen most that is a file today."""
    return next((name for name in tally.namespaces if os.path.isfile(name)), None)
