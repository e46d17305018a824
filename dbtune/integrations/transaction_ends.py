"""The COMMIT and ROLLBACK that SQLAlchemy lets the driver send, which no statement's event tells.

SQLAlchemy has events for them, but with any of those it takes some 10 us more for each statement.
So the two methods of its dialects for SQLite are ours while somebody listens.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns, time_ns
from typing import Any

from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from dbtune.recorder.sent import Sent

# Gets the dialect and the pooled connection; returns who is told what was sent, None for nobody.
Listener = Callable[[Any, Any], "Callable[[Sent], None] | None"]

_METHODS = {"do_commit": "COMMIT", "do_rollback": "ROLLBACK"}


class TransactionEnds:
    """Tells a listener of the ends of transactions, from `begin()` to `end()`."""

    def __init__(self, listener: Listener) -> None:
        """Keep the listener; nothing is told yet."""
        self._listener = listener
        self._ours: dict[str, tuple[Any, Any]] = {}

    def begin(self) -> None:
        """Put our methods in the place of SQLAlchemy's."""
        for name, text in _METHODS.items():
            plain = getattr(SQLiteDialect, name)
            ours = _telling(plain, text, self._listener)
            self._ours[name] = ours, plain
            setattr(SQLiteDialect, name, ours)

    def end(self) -> None:
        """Put SQLAlchemy's back; what others have wrapped since stays, and tells nobody."""
        for name, (ours, plain) in self._ours.items():
            if vars(SQLiteDialect).get(name) is ours:
                _restore(name, plain)
        self._ours = {}


def _restore(name: str, plain: Any) -> None:
    delattr(SQLiteDialect, name)
    if getattr(SQLiteDialect, name) is not plain:
        setattr(SQLiteDialect, name, plain)  # it was the dialect's own, not inherited


def _telling(plain: Any, text: str, listener: Listener) -> Any:
    def finish(self: Any, connection: Any) -> None:
        tell = listener(self, connection)
        if tell is None:
            plain(self, connection)
            return
        sent = Sent(text, None, time_ns())
        started = perf_counter_ns()
        try:
            plain(self, connection)
        except BaseException as error:
            sent.fail(error)
            raise
        finally:
            sent.duration_ns = perf_counter_ns() - started
            tell(sent)

    return finish
