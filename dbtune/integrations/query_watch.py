"""All that this process sends to SQLite while somebody watches, each statement told once.

Connections that are opened meanwhile are of a class that tells by itself. Those from before are
not, but SQLAlchemy's engines and Django's connections tell what goes through them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack

from dbtune.integrations.request_signals import watch_requests
from dbtune.recorder import lazy_loads, sqlite_patch
from dbtune.recorder.recording_connection import RecordingConnection
from dbtune.recorder.sent import Sent


def watch_queries(
    audience: Callable[[Sent], None], *, requests_too: bool = True
) -> Callable[[], None]:
    """Tell `audience` of each statement from now on; return what ends that.

    With `requests_too` those of Flask and Django get ids. Frameworks are not imported for it:
    without them nothing goes through them.
    """
    lazy_loads.watch()
    with ExitStack() as ends:
        if "sqlalchemy" in sys.modules:
            from dbtune.integrations.engine_watch import watch_engine

            ends.callback(watch_engine(None, audience, passes_over=tells_by_itself))
        if "django.db" in sys.modules:
            from dbtune.integrations.django_watch import watch_connections

            ends.callback(watch_connections(audience, passes_over=tells_by_itself))
        if requests_too:
            ends.callback(watch_requests())
        ends.callback(sqlite_patch.install(audience))
        return ends.pop_all().close


def tells_by_itself(connection: object) -> bool:
    """Tell whether a driver's connection was opened while somebody watched."""
    # aiosqlite keeps Python's own connection in its `_conn`.
    return isinstance(getattr(connection, "_conn", connection), RecordingConnection)
