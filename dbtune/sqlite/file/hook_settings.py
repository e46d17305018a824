"""What the hook sets on every connection, and that SQLite really took it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal, get_args

from dbtune.errors import ConfigurationError
from dbtune.sqlite.trust import may_distrust_schema

Synchronous = Literal["NORMAL", "FULL", "EXTRA"]
SYNCHRONOUS: tuple[str, ...] = get_args(Synchronous)

JOURNAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024
_SYNCHRONOUS_NUMBERS = {"NORMAL": 1, "FULL": 2, "EXTRA": 3}


@dataclass(frozen=True)
class HookSettings:
    """Settings that live in a connection; `query_time_limit_ms` None means no limit."""

    synchronous: str = "NORMAL"
    busy_timeout_ms: int = 5000
    query_time_limit_ms: int | None = None

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value that is unsafe or means nothing."""
        if self.synchronous not in SYNCHRONOUS:
            raise ConfigurationError(
                f"synchronous is {self.synchronous!r}; expected {', '.join(SYNCHRONOUS)}",
                hint="OFF is not offered: a power cut can then corrupt the database",
            )
        _require_whole_number("busy_timeout_ms", self.busy_timeout_ms, lowest=0)
        if self.query_time_limit_ms is not None:
            _require_whole_number("query_time_limit_ms", self.query_time_limit_ms, lowest=1)


def apply_settings(connection: sqlite3.Connection, settings: HookSettings) -> None:
    """Set the pragmas on an open connection outside a transaction, and read them back.

    synchronous=NORMAL is used on a WAL database only, where a power cut can drop the last
    commits but never corrupts; any other journal mode keeps at least FULL. trusted_schema stays
    on where SQLite 3.38 to 3.40 would refuse every write to a table with JSON in its schema.
    Raises ConfigurationError where SQLite did not take a value.
    Source: https://www.sqlite.org/pragma.html#pragma_synchronous
    """
    # First, so that the pragmas after it wait for a lock too.
    _set(connection, "busy_timeout", settings.busy_timeout_ms)
    _set(connection, "journal_size_limit", JOURNAL_SIZE_LIMIT_BYTES)
    if may_distrust_schema(connection):
        connection.execute("PRAGMA trusted_schema = OFF").close()  # unknown before SQLite 3.31
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    level = settings.synchronous if mode == "wal" else _at_least_full(settings.synchronous)
    _set(connection, "synchronous", _SYNCHRONOUS_NUMBERS[level])


def _at_least_full(synchronous: str) -> str:
    return "FULL" if synchronous == "NORMAL" else synchronous


def _set(connection: sqlite3.Connection, pragma: str, value: int) -> None:
    connection.execute(f"PRAGMA {pragma} = {value}").close()
    found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    if found != value:
        raise ConfigurationError(
            f"SQLite did not take PRAGMA {pragma} = {value}; it says {found}",
            hint="something else sets it on this connection, or a transaction is open",
        )


def _require_whole_number(name: str, value: object, *, lowest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        raise ConfigurationError(
            f"{name} is {value!r}; expected a whole number of at least {lowest}"
        )
