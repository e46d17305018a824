"""What sizes on a sample mean for the whole database."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.sqlite.copies.scratch import SampledTable


def kept_fraction(table: str, sampled: Iterable[SampledTable]) -> float:
    """Return the part of a table's rows that the copy holds: 1.0 where it is whole."""
    folded = table.lower()
    fraction = next((t.fraction for t in sampled if t.name.lower() == folded), 1.0)
    # A sample without a row says nothing; a guess must not divide by it.
    return fraction if fraction > 0 else 1.0
