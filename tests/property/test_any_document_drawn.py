"""Documents that somebody edited: refused with the place, or drawn in every form."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.cli.report_forms import FORMS, NamedRun, Screen, draw_runs
from dbtune.errors import ConfigurationError
from dbtune.model.digest import QueryDigest
from dbtune.model.run import Run
from dbtune.report.documents.read_run import read_run, run_to_json
from tests.property.test_runs_roundtrip import any_of
from tests.unit.test_queries_text import digest, query
from tests.unit.test_read_run import COMPARED, LOADED, RUNS

DIGEST = digest(query(0), query(1))
HOSTILE = "a\n  ::error::b\x1b[31m\u202e\ud800\x00]]></x>##[set-output name=c]d`|<img src=x>"
VALUES: tuple[Any, ...] = (
    *(None, True, False, "", HOSTILE, [], {}, [None], [[]], {"": HOSTILE}, "9" * 5_000),
    *(-1, 0, 1, -0.5, 1.5, 5e-324, 1e29, -1e29, 1e31, 1e308, -1e308, 2**63, 10**400),
)
# What steers a terminal, a page's direction or a CI system, and what no file can hold.
_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]|^\\s*::|##\\[", re.MULTILINE
)
_OUT_OF_BOUNDS = re.compile(r'<\w+[^>]* (?:width|height|r|x|y|d)="(?:-?nan|-?inf|-[0-9.]+")')
CHECKS = ("sarif", "junit", "github")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in a document but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@pytest.mark.parametrize(
    "run", [RUNS["full"], COMPARED, LOADED], ids=["report", "compare", "bench"]
)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_document_with_one_odd_value_is_refused_or_drawn(run: Run, data: st.DataObject) -> None:
    """Whatever stands at a key path, there is no third way."""
    _refused_or_drawn(run_to_json(run), data)


@settings(max_examples=60, deadline=None)
@given(st.just(DIGEST) | any_of(QueryDigest), st.data())
def test_so_is_a_digest(found: QueryDigest, data: st.DataObject) -> None:
    """Of which there are more odd ones."""
    _refused_or_drawn(run_to_json(found), data)


def _refused_or_drawn(text: str, data: st.DataObject) -> None:
    document = json.loads(text)
    path = data.draw(st.sampled_from(list(places(document))))
    changed = put(document, path, data.draw(st.sampled_from(VALUES)))
    try:
        run = read_run(json.dumps(changed), "run.json")
    except ConfigurationError as error:
        assert error.hint and len(error.message) < 1_000
        return
    drawn_everywhere(run)


def put(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    """Return a document with another value at one place."""
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def drawn_everywhere(run: Run) -> None:
    """Draw a run in each form, and look for what no form may let through."""
    for form in FORMS:
        for width in (80, 160) if form == "terminal" else (80,):
            try:
                text = draw_runs((NamedRun("run.json", run),), form, Screen(width, False, 24))
            except ConfigurationError:
                assert form in CHECKS  # it measures, and judges nothing
                continue
            if form in {"terminal", "markdown"}:
                assert not _STEERS.search(text), _STEERS.search(text)
            if form == "html":
                assert not _OUT_OF_BOUNDS.search(text), _OUT_OF_BOUNDS.search(text)
            if form == "github":
                assert all(line.startswith(("::e", "::w", "::n")) for line in text.splitlines())
            text.encode("utf-8")


# What was drawn wrong, ended in an error, or could not be written again.
ODD: dict[str, tuple[Run, tuple[str | int, ...], object]] = {
    "a cost that is no float": (RUNS["full"], ("verdict", "cost_before"), 10**400),
    "a cost whose sum is none": (RUNS["full"], ("shapes", 0, "cost_before"), 1e308),
    "a size that is no float": (RUNS["full"], ("source", "size_bytes"), 10**400),
    "evidence that is no float": (RUNS["full"], ("findings", 0, "evidence", "x_seconds"), 10**400),
    "a write cost": (RUNS["full"], ("findings", 0, "evidence", "write_cost_ratio"), -1e308),
    "a negative cost ratio": (RUNS["full"], ("explanations", 0, "write_cost_ratio"), -1e29),
    "a method of comparing": (RUNS["migrated"], ("tables", 0, "method"), HOSTILE),
    "a shape's id": (DIGEST, ("queries", 0, "id"), HOSTILE),
    "a shape's statement": (DIGEST, ("queries", 0, "template"), HOSTILE),
    "rows of no call": (DIGEST, ("queries", 0, "rows", "calls"), 0),
    "no buckets": (DIGEST, ("queries", 0, "latency", "buckets"), []),
    "a negative bucket": (DIGEST, ("queries", 0, "latency", "buckets", 0, "count"), -2.5),
    "no time to live": (DIGEST, ("cache", "ttls_seconds"), []),
    "no outcome of a cache": (DIGEST, ("cache", "advice", 0, "outcomes"), []),
    "a latency whose total is none": (DIGEST, ("queries", 0, "latency", "count"), 1e308),
    "a configuration's name": (LOADED, ("runs", 0, "config"), HOSTILE),
    "next to no seconds": (LOADED, ("runs", 0, "seconds"), 5e-324),
    "a statement compared": (COMPARED, ("differences", 0, "text"), HOSTILE),
    "less than no steps": (COMPARED, ("differences", 0, "base"), -0.5),
    "next to no steps": (COMPARED, ("differences", 0, "base"), 5e-324),
}


def test_however_deep_a_value_is_it_is_refused() -> None:
    """Also where it can just be read, and what is said of it could not be written."""
    text = json.dumps(put(json.loads(run_to_json(LOADED)), ("created_at",), "deep"))
    for depth in range(900, 1_000):
        with pytest.raises(ConfigurationError):
            read_run(text.replace('"deep"', "[" * depth + "]" * depth), "run.json")


@pytest.mark.parametrize(("run", "path", "value"), ODD.values(), ids=ODD)
def test_an_odd_value_that_was_met_is_refused_or_drawn(
    run: Run, path: tuple[str | int, ...], value: object
) -> None:
    """One each, so that none comes back."""
    text = json.dumps(put(json.loads(run_to_json(run)), path, value))
    try:
        found = read_run(text, "run.json")
    except ConfigurationError as error:
        assert error.hint and len(error.message) < 1_000
    else:
        drawn_everywhere(found)
