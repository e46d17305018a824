"""Which line of the application a finding is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.advice import Finding, ShapeReport

# Evidence that holds the ids of query shapes.
_SHAPES = frozenset({"queries", "query_shapes", "shapes"})


def finding_call_site(finding: Finding, shapes: Mapping[str, ShapeReport]) -> str:
    """Return the line that a finding names, else the first one that sends a query it is about.

    Such as "app/views.py:40"; "" where it is not known. `shapes` are a report's by their id.
    """
    for item in finding.evidence:
        if item.name == "call_site" and isinstance(item.value, str):
            return item.value
    about = (shapes[name] for name in finding_shapes(finding) if name in shapes)
    return next((shape.call_sites[0] for shape in about if shape.call_sites), "")


def finding_shapes(finding: Finding) -> Iterator[str]:
    """Yield the subject of a finding, and the ids of query shapes that its evidence names."""
    yield finding.subject
    for item in finding.evidence:
        if item.name in _SHAPES and isinstance(item.value, tuple):
            yield from item.value
