"""Progress on a terminal: a bar for the stage, and one for each table that is under way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from dbtune.cli.progress_words import how_far, seconds_text, stage_name
from dbtune.model.event import Event, OnEvent
from dbtune.report.plain_text import printable, shorten

_NAME_WIDTH = 34
# Beside the longest name and all figures, in 80 columns.
_BAR_WIDTH = 16
# Before that a speed is made of the first few rows.
_LEAST_SECONDS = 0.2


@contextmanager
def progress_bars() -> Iterator[OnEvent]:
    """Yield the callback that draws events as bars on stderr, which are gone at the end."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=_BAR_WIDTH),
        TextColumn("{task.fields[speed]}", markup=False),
        _Times(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        yield _Bars(progress)


class _Times(ProgressColumn):
    """How far it is and how long still; where nobody knows, how long it took so far."""

    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        most = task.fields.get("most_seconds")
        told = how_far(Event("", task.completed, task.total, most_seconds=most), elapsed)
        return Text(told or seconds_text(elapsed), no_wrap=True)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = self._added("")
        self._tables: dict[str, tuple[TaskID, float]] = {}
        self._name = ""

    def __call__(self, event: Event) -> None:
        if event.stage != self._name:
            self._begin(event)
        if event.subject is None:
            self._progress.update(self._stage, completed=event.done or 0, total=event.total)
        else:
            self._table(event.subject, event)

    def _begin(self, event: Event) -> None:
        self._name = event.stage
        for task in (self._stage, *(task for task, _ in self._tables.values())):
            self._progress.remove_task(task)
        self._tables.clear()
        # Not reset(), which keeps the total of the stage before where this one has none.
        self._stage = self._added(stage_name(event.stage), event.most_seconds)

    def _table(self, subject: str, event: Event) -> None:
        if subject not in self._tables:
            self._tables[subject] = (self._added(f"  {subject}"), time.monotonic())
        task, begun = self._tables[subject]
        if event.done is not None and event.done == event.total:
            self._progress.update(task, completed=event.done, visible=False)
            return
        speed = _speed(event, time.monotonic() - begun)
        self._progress.update(task, completed=event.done or 0, total=event.total, speed=speed)

    def _added(self, name: str, most_seconds: float | None = None) -> TaskID:
        """Add a bar; until it has a total it tells how long it took."""
        name = shorten(printable(name), _NAME_WIDTH)
        return self._progress.add_task(name, total=None, speed="", most_seconds=most_seconds)


def _speed(event: Event, seconds: float) -> str:
    if not event.done or seconds < _LEAST_SECONDS:
        return ""
    rows = event.done / seconds
    if not event.size_bytes or not event.total:
        return f"{rows:,.0f} rows/s"
    megabytes = event.size_bytes * (event.done / event.total) / seconds / 1e6
    return f"{rows:,.0f} rows/s {megabytes:,.1f} MB/s"
