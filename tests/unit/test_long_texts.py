"""Texts as long as a database or a recording may hold them take no time to be drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.cli.report_forms import FORMS, NamedRun, Screen, draw_runs
from dbtune.model.advice import Report
from dbtune.report.plain_text import wrap_text
from dbtune.report.wording.query_text import abbreviated
from tests.reports import FULL

LONG = 1_000_000


def test_a_query_is_abbreviated_up_to_its_last_from() -> None:
    """What stands behind it stays as it is; letters whose capitals are two are no trouble."""
    assert abbreviated("SELECT a, b, c, d FROM t WHERE x IN (SELECT 1)") == (
        "SELECT ... FROM t WHERE x IN (SELECT 1)"
    )
    assert abbreviated("SELECT 'ß', 'ß', a from t") == "SELECT ... FROM t"
    assert abbreviated("SELECT 1") == "SELECT 1"


@pytest.mark.parametrize("statement", ["SELECT 1 UNION ALL " * 50_000, "x" * LONG])
def test_a_statement_of_a_megabyte_is_abbreviated(statement: str) -> None:
    """Such as a bulk insert that selects each of its rows; it took hours, as the square of it."""
    assert len(abbreviated(statement)) >= LONG - 100_000


def test_prose_of_a_megabyte_is_cut() -> None:
    """One word of it took a quarter of an hour."""
    lines = wrap_text("m" * LONG, 80)
    assert len(lines) < 200 and lines[-1].endswith("...")


@pytest.mark.parametrize("form", FORMS)
def test_a_report_of_long_texts_is_drawn_in_every_form(form: str) -> None:
    """A message and a statement of a megabyte each."""
    run = put_texts("m" * LONG)
    assert draw_runs((NamedRun("run.json", run),), form, Screen(80, False, 24))


@pytest.mark.parametrize("form", FORMS)
def test_a_plan_of_any_depth_is_drawn(form: str) -> None:
    """Deeper than Python's stack; beyond a depth its steps stand side by side."""
    plan = tuple(f"{'  ' * depth}SCAN t{depth}" for depth in range(3_000))
    shape = replace(FULL.shapes[0], plan_before=plan, words_before=plan)
    run = replace(FULL, shapes=(shape,))
    assert draw_runs((NamedRun("run.json", run),), form, Screen(80, False, 24))


def put_texts(text: str) -> Report:
    """Return a report with a long text in a finding and in a query shape."""
    finding = replace(FULL.findings[0], message=text, help=text)
    shape = replace(FULL.shapes[0], text=f"SELECT {text}")
    return replace(FULL, findings=(finding,), shapes=(shape,))
