"""Progress on stderr: bars on a terminal, plain lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from dbtune.cli.quiet import is_quiet
from dbtune.model.event import Event, OnEvent, ignore_event

# A stage that lasts gets a line so often: a log stays short, and nobody thinks that it hangs.
_PAUSE_S = 5.0


@contextmanager
def show_progress() -> Iterator[OnEvent]:
    """Yield the callback that draws the core's events for the current command."""
    if is_quiet():
        yield ignore_event
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from dbtune.cli.progress_bars import progress_bars

        with progress_bars() as on_event:
            yield on_event
    else:
        lines = ProgressLines(_write, time.monotonic)
        yield lines
        lines.end_stage()


class ProgressLines:
    """A line a stage; more of one that lasts: how far it is and how long still.

    `write` gets each line, `clock` says how many seconds have gone.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._stage = ""
        self._begun = self._told = clock()
        self._tables: dict[str, Event] = {}

    def __call__(self, event: Event) -> None:
        """Take an event of the core's."""
        now = self._clock()
        if event.stage != self._stage:
            self.end_stage()
            self._stage, self._begun, self._told = event.stage, now, now
            self._write(f"{stage_name(event.stage)} ...")
        if event.subject is not None:
            self._tables[event.subject] = event
        if now - self._told < _PAUSE_S:
            return
        told = self._tables_text() if self._tables else how_far(event, now - self._begun)
        if told:
            self._told = now
            self._write(f"{stage_name(self._stage)} ... {told}")

    def end_stage(self) -> None:
        """Say what was done in a stage that went through tables."""
        if self._tables:
            self._write(f"{stage_name(self._stage)} ... {self._tables_text()}")
        self._tables.clear()

    def _tables_text(self) -> str:
        rows = sum(event.done or 0 for event in self._tables.values())
        done = sum(event.done == event.total for event in self._tables.values())
        tables = f"{done:,} table{'' if done == 1 else 's'}"
        return f"{tables}, {rows:,.0f} rows in {seconds_text(self._clock() - self._begun)}"


def how_far(event: Event, elapsed_s: float) -> str:
    """Return `40 %, about 12 s left`, or nothing where the event does not tell."""
    if event.done is None or not event.total:
        return ""
    ratio = min(event.done / event.total, 1.0)
    left_s = elapsed_s / ratio - elapsed_s if ratio else 0.0
    left = f", about {seconds_text(left_s)} left" if left_s >= 0.5 else ""
    return f"{ratio * 100:.0f} %{left}"


def seconds_text(seconds: float) -> str:
    """Return a time as it is read while one waits: 3 s, 2 min 5 s, 1 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def stage_name(stage: str) -> str:
    """Return what a stage is called on the screen: it begins a line."""
    return stage[:1].upper() + stage[1:]


def _write(line: str) -> None:
    from dbtune.report.plain_text import printable

    click.echo(printable(line), err=True)
