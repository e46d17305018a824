"""What an application has said about the work at hand: does it only read, or may it write?

SQLite needs to know at BEGIN. A deferred transaction that reads and then writes fails at once,
whatever busy_timeout, when somebody else committed in between; BEGIN IMMEDIATE never does, but
lets one transaction at a time begin, so work known to read must not use it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

_log = logging.getLogger("dbtune")


@dataclass
class WritingRoutes:
    """The routes of one application that wrote under GET or HEAD after they had read."""

    _names: set[str] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def learn(self, name: str) -> None:
        """Begin this route's transactions with BEGIN IMMEDIATE from now on."""
        if name not in self._names:
            self._names.add(name)
            _log.warning(
                "%s writes after reading: its transactions begin with BEGIN IMMEDIATE from now on",
                name,
            )


@dataclass(frozen=True)
class Mark:
    """Work marked as reading. `strict`: a write is an error; else it is a guess that may fail.

    `route` names the request, once that is known, and `writing_routes` remembers wrong guesses.
    """

    strict: bool
    route: Callable[[], str | None] = lambda: None
    writing_routes: WritingRoutes = field(default_factory=WritingRoutes)

    @property
    def holds(self) -> bool:
        """False where this route is known to write in spite of its method."""
        name = self.route()
        return name is None or name not in self.writing_routes

    def learn_writing(self) -> None:
        """Remember that this route writes."""
        name = self.route()
        if name is not None:
            self.writing_routes.learn(name)


STRICT = Mark(strict=True)

_current: ContextVar[Mark | None] = ContextVar("dbtune_work", default=None)


def current_mark() -> Mark | None:
    """Return how the work of this thread or task is marked; None where nothing is known."""
    mark = _current.get()
    return mark if mark is not None and mark.holds else None


def set_mark(mark: Mark | None) -> None:
    """Mark the work of this thread or task from here on, or unmark it."""
    _current.set(mark)


@contextmanager
def read_only() -> Iterator[None]:
    """Mark the transactions that begin inside as reading only; a write in one is an error."""
    with marked(STRICT):
        yield


@contextmanager
def marked(mark: Mark | None) -> Iterator[None]:
    """Mark the transactions that begin inside."""
    before = _current.get()
    _current.set(mark)
    try:
        yield
    finally:
        _current.set(before)
