"""The query shape that a person means: by its place in the list, or by its id."""

from __future__ import annotations

from dbtune.model.advice import Report, ShapeReport
from dbtune.model.explanation import NotAnalyzed


def ranked(shapes: tuple[ShapeReport, ...]) -> tuple[ShapeReport, ...]:
    """Return the shapes as every list has them: the dearest before the changes first."""
    return tuple(sorted(shapes, key=lambda shape: (-shape.share, shape.id)))


def rank_of(report: Report, shape: ShapeReport) -> int:
    """Return a shape's place in every list; 1 is the dearest."""
    return ranked(report.shapes).index(shape) + 1


def find_shape(report: Report, named: str) -> ShapeReport | NotAnalyzed:
    """Return the shape of this rank (1 is the dearest), id, or beginning of an id.

    Raises LookupError whose message says what there is.
    """
    shapes = ranked(report.shapes)
    if named.isdecimal() and 1 <= int(named) <= len(shapes):
        return shapes[int(named) - 1]
    known: tuple[ShapeReport | NotAnalyzed, ...] = (*shapes, *report.not_analyzed)
    found = [shape for shape in known if named and shape.id.startswith(named.lower())]
    if len(found) == 1:
        return found[0]
    if not known:
        raise LookupError("the recording has no query shapes")
    if found:
        ids = ", ".join(shape.id for shape in found[:5])
        raise LookupError(f"{named} begins the ids of {len(found)} query shapes: {ids}")
    ranks = f"1 to {len(shapes)}, or " if shapes else ""
    raise LookupError(f"there is no query shape {named}: give {ranks}the id of one")
