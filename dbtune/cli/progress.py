"""Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dbtune.model.event import Event, OnEvent, ignore_event


@contextmanager
def show_progress() -> Iterator[OnEvent]:
    """Yield the callback that draws the core's events for the current command."""
    context = click.get_current_context(silent=True)
    if context is not None and (context.obj or {}).get("quiet"):
        yield ignore_event
    elif sys.stderr.isatty():
        with _bar() as on_event:
            yield on_event
    else:
        yield _Lines()


class _Lines:
    """A line a stage, so that logs stay short."""

    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, event: Event) -> None:
        if event.stage != self._stage:
            self._stage = event.stage
            click.echo(f"{event.stage} ...", err=True)


@contextmanager
def _bar() -> Iterator[OnEvent]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task("", total=None)

        def draw(event: Event) -> None:
            progress.update(
                task, description=event.stage, completed=event.done or 0, total=event.total
            )

        yield draw
