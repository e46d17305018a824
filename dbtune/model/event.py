"""Progress, as the core reports it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One step of progress: a stage's name and, where known, how far it is (`done` of `total`).

    With a `subject` (a table) `done` and `total` count its rows, and `size_bytes` is the size of
    all of them; several subjects of one stage may be under way at once. `most_seconds` is how much
    longer it takes at most, where a limit of the user's says so.
    """

    stage: str
    done: float | None = None
    total: float | None = None
    subject: str | None = None
    size_bytes: float | None = None
    most_seconds: float | None = None


OnEvent = Callable[[Event], None]


def ignore_event(event: Event) -> None:
    """Discard an event: the default where nobody watches."""
