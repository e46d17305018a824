"""Whether two reports measured a query shape with the same statements and values."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from dbtune.advisor.statements.runnable import Statement

# Two digits more would tell who guesses a value that he was right; two less would call one of 256
# other sets of statements the same.
_BYTES = 2


def samples_digest(statements: Iterable[Statement]) -> str:
    """Return four hex digits that nearly always differ where statements or values do."""
    digest = blake2b(digest_size=_BYTES)
    for statement in statements:
        values = statement.parameters
        named = sorted(values.items()) if isinstance(values, dict) else values
        digest.update(repr((statement.text, named)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
