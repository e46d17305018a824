"""The relationship whose lazy load sends the statements of this context."""

from __future__ import annotations

from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("dbtune_relationship", default=None)


def current_relationship() -> str | None:
    """Return "Chef.bookings" while SQLAlchemy loads that relationship lazily."""
    return _current.get()
