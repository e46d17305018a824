"""select-star: a read of all columns, which an index alone would answer if it named fewer.

It carries no Change: what the application does with a row is in no recording.
Source: https://www.sqlite.org/queryplanner.html#_covering_indexes
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts, NarrowerRead, ShapeFacts
from dbtune.advisor.wording import counted, listed, percent, shown
from dbtune.model.advice import Evidence, Finding

CODE = "select-star"

_LEAST_GAIN_RATIO = 0.5
# Of what all queries cost with the recommended indexes.
_LEAST_SHARE = 0.05
# Below this a page is soon in memory whatever the query names.
_LEAST_PAGES = 10
_MOST_FINDINGS = 3


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return findings for the reads that would gain the most, at most three and one a read."""
    shapes = {shape.shape.id: shape for shape in facts.shapes}
    left = sum(shape.shape.count * shape.cost_after_ns for shape in facts.shapes)
    best: dict[str, NarrowerRead] = {}
    for read in sorted(facts.narrower_reads, key=lambda read: read.cost_after_ns):
        if read.index is not None and read.shape_id in shapes and _pays(read):
            best.setdefault(read.shape_id, read)
    saved = {
        read.shape_id: shapes[read.shape_id].shape.count
        * (read.cost_before_ns - read.cost_after_ns)
        for read in best.values()
    }
    worth = [read for read in best.values() if saved[read.shape_id] >= _LEAST_SHARE * left]
    worth.sort(key=lambda read: (-saved[read.shape_id], read.shape_id))
    return tuple(_finding(shapes[read.shape_id], read) for read in worth[:_MOST_FINDINGS])


def _pays(read: NarrowerRead) -> bool:
    gain = read.cost_before_ns - read.cost_after_ns
    pages = read.page_fetches_before - read.page_fetches_after
    return gain >= _LEAST_GAIN_RATIO * read.cost_before_ns and pages >= _LEAST_PAGES


def _finding(shape: ShapeFacts, read: NarrowerRead) -> Finding:
    gain = 1 - read.cost_after_ns / read.cost_before_ns
    pages = f"{read.page_fetches_before:,.0f}"
    return Finding(
        code=CODE,
        severity="info",
        subject=read.shape_id,
        message=(
            f"A read of {shown(read.table)} fetches all its columns, so that each of "
            f"{counted(read.rows, 'row')} is looked up in the table. If it named only "
            f"{listed(read.columns)}, index {shown(read.index or '')} alone would answer it: "
            f"{read.page_fetches_after:,.0f} page fetches in place of {pages}, "
            f"{percent(gain)} of its cost less."
        ),
        evidence=(
            Evidence("calls_count", shape.shape.count),
            Evidence("cost_before_ns", read.cost_before_ns),
            Evidence("cost_after_ns", read.cost_after_ns),
            Evidence("page_fetches_before_count", read.page_fetches_before),
            Evidence("page_fetches_after_count", read.page_fetches_after),
        ),
        help=(
            "What the application does with a row is in no recording: only where it needs no "
            "other column, name these; in SQLAlchemy load_only(), in Django only() or values()."
        ),
        command=read.sql,
    )
