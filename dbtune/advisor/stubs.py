"""Stand-ins for an application's own functions and collations, so that plans can be made.

Without them SQLite refuses to prepare a statement that names one. A stub orders bytes or
returns NULL, so no index is ever built on one and nothing measured with one is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import apsw

_BUILT_IN = frozenset({"BINARY", "NOCASE", "RTRIM"})
_MISSING_FUNCTION = re.compile(r"no such function: (.+)")


def add_stubs(connection: apsw.Connection, functions: Iterable[str] = ()) -> None:
    """Let the connection accept any collation that the library lacks, and these functions."""

    def on_collation(needed: apsw.Connection, name: str) -> None:
        # In a UTF-16 database SQLite asks for NOCASE too, before it makes it of its own.
        if name.upper() not in _BUILT_IN:
            needed.create_collation(name, _compare)

    connection.collation_needed(on_collation)
    for name in functions:
        connection.create_scalar_function(name, _null, deterministic=True)


def missing_function(error: apsw.Error) -> str | None:
    """Return the name of the function that a statement could not be prepared without."""
    match = _MISSING_FUNCTION.search(str(error))
    return match.group(1) if match else None


def _compare(left: str, right: str) -> int:
    return (left > right) - (left < right)


def _null(*arguments: object) -> None:
    return None
