"""Which processes of a recorded command were not recorded, or not to their end."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from dbtune.journeys.child_processes import SeenProcess
from dbtune.model.recording_run import UnrecordedProcess
from dbtune.recorder.processes import (
    ARMED,
    ENDED,
    FAILED,
    HIDDEN,
    STARTED,
    ProcessEvent,
    read_start,
)

_Key = tuple[int, str]


def find_unrecorded(
    events: Iterable[ProcessEvent],
    seen: Iterable[SeenProcess],
    wrote: frozenset[int],
) -> tuple[UnrecordedProcess, ...]:
    """Return what is to be told of processes, by their events and by what was seen of them.

    `wrote` are the pids that the recording names: a fork that sent nothing was made for something
    else.
    Looks at /proc for those that may still run.
    """
    events = tuple(events)
    armed = {(e.pid, e.start): e for e in events if e.event in (ARMED, STARTED)}
    found = [*_failed(events), *_hidden(events, seen, armed), *_unended(events, armed, wrote)]
    return tuple(dict.fromkeys(found))


def is_any_running(events: Iterable[ProcessEvent]) -> bool:
    """Tell whether a process that was recorded has not ended yet."""
    last = {(e.pid, e.start): e for e in events if e.event in (ARMED, STARTED, ENDED)}
    return any(
        event.event != ENDED and start and read_start(pid) == start
        for (pid, start), event in last.items()
    )


def _failed(events: Iterable[ProcessEvent]) -> Iterator[UnrecordedProcess]:
    for event in events:
        if event.event == FAILED:
            yield UnrecordedProcess("failed", event.pid, _shown(event.command), event.reason)


def _hidden(
    events: tuple[ProcessEvent, ...],
    seen: Iterable[SeenProcess],
    armed: dict[_Key, ProcessEvent],
) -> Iterator[UnrecordedProcess]:
    """Yield children that were started hidden, and those that were only seen running."""
    told = set()
    for event in events:
        if event.event == HIDDEN:
            told.add(event.command)
            yield UnrecordedProcess("hidden", None, _shown(event.command), event.reason)
    failed = {event.pid for event in events if event.event == FAILED}
    for process in seen:
        is_known = (process.pid, process.start) in armed or process.pid in failed
        if not is_known and not _is_among(process.command, told):
            yield UnrecordedProcess("hidden", process.pid, _shown(process.command), process.reason)


def _unended(
    events: tuple[ProcessEvent, ...], armed: dict[_Key, ProcessEvent], wrote: frozenset[int]
) -> Iterator[UnrecordedProcess]:
    last = {(e.pid, e.start): e for e in events if e.event in (ARMED, STARTED, ENDED)}
    for key, event in last.items():
        pid, start = key
        command = _shown(armed[key].command) if key in armed else ""
        if event.event != ENDED and start and read_start(pid) == start:
            yield UnrecordedProcess("running", pid, command)
        elif event.event == ARMED or (event.event == STARTED and pid in wrote):
            yield UnrecordedProcess("killed", pid, command)
        elif event.reason == "os._exit" and pid in wrote:
            yield UnrecordedProcess("os-exit", pid, command)


def _is_among(command: tuple[str, ...], told: set[tuple[str, ...]]) -> bool:
    """Tell whether a command was told already: under a shorter path, or as a shell's."""
    return any(
        command[1:] == other[1:] or all(word in other[-1] for word in command[1:]) for other in told
    )


def _shown(command: tuple[str, ...]) -> str:
    return shlex.join(command)
