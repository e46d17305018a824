"""dbtune: find out why a SQLite database is slow, fix it reversibly, and prove it.

For applications: `dbtune.install(engine)`, `dbtune.connect(path)`, `dbtune.flask(app)`,
`dbtune.read_only()`, `dbtune.record(engine, path)`, `dbtune.recording(path)`, in tests
`dbtune.assert_queries()`, and for Django the module `dbtune.integrations.django`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dbtune._version import __version__

if TYPE_CHECKING:
    from dbtune.integrations.assert_queries import assert_queries
    from dbtune.integrations.connection import connect
    from dbtune.integrations.engine import install
    from dbtune.integrations.flask import flask
    from dbtune.integrations.record import Recording, record, recording
    from dbtune.integrations.time_limit import QueryTimeLimitError
    from dbtune.integrations.transaction import ReadOnlyWorkError
    from dbtune.integrations.work import read_only

__all__ = [
    "QueryTimeLimitError",
    "ReadOnlyWorkError",
    "Recording",
    "__version__",
    "assert_queries",
    "connect",
    "flask",
    "install",
    "read_only",
    "record",
    "recording",
]

# SQLAlchemy and Flask take longer to import than `dbtune --help` may take.
_LAZY = {
    "QueryTimeLimitError": "dbtune.integrations.time_limit",
    "ReadOnlyWorkError": "dbtune.integrations.transaction",
    "Recording": "dbtune.integrations.record",
    "assert_queries": "dbtune.integrations.assert_queries",
    "connect": "dbtune.integrations.connection",
    "flask": "dbtune.integrations.flask",
    "install": "dbtune.integrations.engine",
    "read_only": "dbtune.integrations.work",
    "record": "dbtune.integrations.record",
    "recording": "dbtune.integrations.record",
}


def __getattr__(name: str) -> Any:
    """Import what an application asks for when it asks."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted(__all__)
