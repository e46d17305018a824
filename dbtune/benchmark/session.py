"""What a load needs of a database: one connection, whichever engine it leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dbtune.model.load import FailureKind
from dbtune.model.workload import Parameters


class Session(Protocol):
    """A connection that statements of a plan are sent through, used by one thread."""

    def begin(self, *, writes: bool) -> None:
        """Begin a transaction."""
        ...

    def run(self, statement: int, values: Parameters) -> None:
        """Execute a statement of the plan, by its place there, and fetch all its rows."""
        ...

    def commit(self) -> None:
        """Commit."""
        ...

    def rollback(self) -> None:
        """Give up what was begun; does nothing outside a transaction."""
        ...

    def interrupt(self) -> None:
        """Stop what is running now; called by another thread."""
        ...

    def kind_of(self, error: Exception) -> FailureKind | None:
        """Return what sort of failure an error of the database is, None for a bug of dbtune's."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


# Picklable: worker processes open their own connections.
OpenSession = Callable[[], Session]
