"""Progress on stderr: bars on a terminal, plain lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dbtune.cli.console import note
from dbtune.cli.progress_words import at_most, how_far, seconds_text, stage_name
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
            self._write(" ".join(filter(None, (f"{stage_name(event.stage)} ...", at_most(event)))))
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


def _write(line: str) -> None:
    from dbtune.report.plain_text import printable

    note(printable(line))
