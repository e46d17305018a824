"""Any digest, load or comparison survives its document, which fits its schema."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.model.comparison import Comparison
from dbtune.model.digest import QueryDigest
from dbtune.model.load import LoadReport
from dbtune.model.overview import ColumnDecision, Environment, HealthFact, TableOverview
from dbtune.model.run import Run
from dbtune.report.documents.read_run import read_run, run_to_json
from tests.report_schema import valid_report
from tests.reports import FULL

# Two lone surrogates that make a pair are one character to JSON, so they are left out.
TEXT = st.text(st.characters(), max_size=9) | st.text(st.characters(max_codepoint=0x9F), max_size=5)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(0, 2**63),
    # Quotients of two of them are numbers too.
    float: st.just(0.0) | st.floats(1e-3, 1e15) | st.integers(0, 10**15),
}


@cache
def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a type as the models annotate it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        kinds = [argument for argument in arguments if argument is not types.NoneType]
        return st.none() | any_of(kinds[0])
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(any_of(arguments[0]), max_size=2).map(tuple)
    if hint is Environment:
        versions = st.dictionaries(TEXT, TEXT, max_size=3).map(lambda found: tuple(found.items()))
        return st.builds(Environment, TEXT, any_of(int | None), versions)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return st.builds(hint, **{field.name: any_of(hints[field.name]) for field in fields(hint)})
    return SCALARS[hint]


REPORT = st.builds(
    lambda overview, health, environment, columns: type(FULL)(
        "analyze",
        "",
        "",
        FULL.source,
        None,
        overview=overview,
        health=health,
        environment=environment,
        columns=columns,
    ),
    any_of(tuple[TableOverview, ...]),
    any_of(tuple[HealthFact, ...]),
    any_of(Environment | None),
    any_of(tuple[ColumnDecision, ...] | None),
)


@pytest.mark.parametrize("runs", [any_of(LoadReport), any_of(Comparison), REPORT])
@settings(max_examples=25)
@given(st.data())
def test_any_run_fits_its_schema_and_reads_back_as_it_was(
    runs: st.SearchStrategy[Run], data: st.DataObject
) -> None:
    """Nothing is lost, rounded or reordered, and the same bytes are written again."""
    run = data.draw(runs)
    text = run_to_json(run)
    valid_report(text)
    assert text.isascii()
    _reads_back(run)


@settings(max_examples=25)
@given(any_of(QueryDigest))
def test_any_digest_reads_back_as_it_was(digest: QueryDigest) -> None:
    """So do digests, whose schema wants more of figures than that they are some."""
    _reads_back(digest)


def _reads_back(run: Run) -> None:
    text = run_to_json(run)
    found = read_run(text, "run.json")
    assert found == run
    assert run_to_json(found) == text
