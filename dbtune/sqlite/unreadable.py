"""What sqlglot says to SQL that it cannot make sense of: errors to catch, and warnings silenced."""

from __future__ import annotations

import logging

from sqlglot.errors import SqlglotError

# It warns about syntax that it passes through; whoever parses looks at the tree instead.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

# What it raises on odd input beside its own errors, or where that nests too deep: each was seen on
# damaged SQL.
UNREADABLE: tuple[type[Exception], ...] = (
    SqlglotError,
    RecursionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)
