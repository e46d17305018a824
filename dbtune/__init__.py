"""dbtune: find out why a SQLite database is slow, fix it reversibly, and prove it."""

from dbtune._version import __version__

__all__ = ["__version__"]
