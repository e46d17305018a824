"""Progress on stderr: bars on a terminal, plain lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from dbtune.model.event import Event, OnEvent, ignore_event


@contextmanager
def show_progress() -> Iterator[OnEvent]:
    """Yield the callback that draws the core's events for the current command."""
    context = click.get_current_context(silent=True)
    if context is not None and (context.obj or {}).get("quiet"):
        yield ignore_event
    elif sys.stderr.isatty():
        with _bars() as on_event:
            yield on_event
    else:
        yield _Lines()


class _Lines:
    """A line a stage, and one a table that is done, so that logs stay short."""

    def __init__(self) -> None:
        self._stage = ""
        self._begun = time.monotonic()
        self._told: set[str] = set()

    def __call__(self, event: Event) -> None:
        if event.stage != self._stage:
            self._stage = event.stage
            self._begun = time.monotonic()
            self._told.clear()
            click.echo(f"{event.stage} ...", err=True)
        if event.subject is None or event.subject in self._told:
            return
        if event.done is not None and event.done == event.total:
            self._told.add(event.subject)
            seconds = time.monotonic() - self._begun
            click.echo(
                f"{event.stage} {_harmless(event.subject)}: {event.done:,.0f} rows, "
                f"{seconds:.1f} s since the start",
                err=True,
            )


class _Bars:
    """One bar for the stage; while tables are under way, one for each of them, with its speed."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._stage = progress.add_task("", total=None, speed="")
        self._tables: dict[str, tuple[Any, float]] = {}
        self._name = ""

    def __call__(self, event: Event) -> None:
        if event.stage != self._name:
            self._name = event.stage
            for task, _ in self._tables.values():
                self._progress.remove_task(task)
            self._tables.clear()
            self._progress.reset(self._stage, description=event.stage, total=None, completed=0)
        if event.subject is None:
            self._progress.update(
                self._stage, description=event.stage, completed=event.done or 0, total=event.total
            )
        else:
            self._table(event.subject, event)

    def _table(self, subject: str, event: Event) -> None:
        if subject not in self._tables:
            task = self._progress.add_task(
                f"  {_harmless(subject)[:30]}", total=event.total, speed=""
            )
            self._tables[subject] = (task, time.monotonic())
        task, begun = self._tables[subject]
        if event.done is not None and event.done == event.total:
            self._progress.update(task, completed=event.done, visible=False)
            return
        self._progress.update(
            task, completed=event.done or 0, total=event.total, speed=_speed(event, begun)
        )


def _speed(event: Event, begun: float) -> str:
    seconds = time.monotonic() - begun
    if not event.done or seconds < 0.2:
        return ""
    rows = event.done / seconds
    if not event.size_bytes or not event.total:
        return f"{rows:,.0f} rows/s"
    megabytes = event.size_bytes * (event.done / event.total) / seconds / 1e6
    return f"{rows:,.0f} rows/s {megabytes:,.1f} MB/s"


@contextmanager
def _bars() -> Iterator[OnEvent]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[speed]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        yield _Bars(progress)


def _harmless(text: str) -> str:
    from dbtune.report.terminal.text import printable

    return printable(text)
