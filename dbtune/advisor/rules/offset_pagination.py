"""offset-pagination: deep pages read all pages before them.

Source: https://www.sqlite.org/rowvalue.html#scrolling_window_queries
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.remedies.keyset import keyset_query
from dbtune.advisor.rules.worth import CostlyShape, costly_shapes, severity_of
from dbtune.advisor.wording import counted
from dbtune.model.advice import Evidence, Finding

CODE = "offset-pagination"

# Skipping 1,000 rows costs some 0.1 ms. Below it nobody notices; the pages that people leaf to
# are nearly all below it, exports and crawlers go above.
_LARGE_OFFSET_ROWS = 1_000


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each costly shape that was recorded skipping many rows."""
    found = []
    for shape in costly_shapes(facts):
        readings = read_samples(facts, shape.facts.shape)
        skipped = max((_skipped(reading) for reading in readings), default=0)
        if skipped >= _LARGE_OFFSET_ROWS:
            found.append(_finding(shape, readings[0], skipped))
    return tuple(found)


def _skipped(reading: Statement) -> int:
    values = reading.offset.values if reading.offset is not None else ()
    value = values[0] if values else 0
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return int(value) if isinstance(value, (int, float)) else 0


def _finding(shape: CostlyShape, reading: Statement, skipped: int) -> Finding:
    rewritten = keyset_query(reading)
    return Finding(
        code=CODE,
        severity=severity_of(shape.share),
        subject=shape.id,
        message=(
            f"OFFSET reads {counted(skipped, 'row')} and throws them away to return the page "
            f"behind them; {shape.described}"
        ),
        evidence=(
            *shape.evidence,
            Evidence("largest_offset_rows", skipped),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=(
            "Go on from the last row of the page before (keyset pagination), with an index on the "
            "columns sorted by; where they hold NULL, sort by a column that does not."
            if rewritten is not None
            else "Order by plain columns that end in a unique one, keep the last row's values, and "
            "ask for the rows behind them instead of skipping."
        ),
        command=rewritten,
    )
