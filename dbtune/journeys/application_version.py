"""The SQLite version that a user says the application runs on."""

from __future__ import annotations

from dbtune.errors import ConfigurationError
from dbtune.sqlite.library_version import version_number


def require_version(named: str | None) -> None:
    """Raise ConfigurationError for what is no version; None, where none was named, is fine."""
    if named is not None and not version_number(named):
        raise ConfigurationError(
            f'--app-sqlite is "{named}"; expected a version such as 3.45.1',
            hint="ask the application: SELECT sqlite_version()",
        )
