"""Judgements as JUnit XML, which CI systems show as tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from dbtune.report.checks.judge import judge
from dbtune.report.checks.problem import Judgement
from dbtune.report.checks.to_junit import to_junit
from tests.reports import REPORTS
from tests.unit.report_checks.results import ALL, COMPARISON, NOTHING

SCHEMA = Path(__file__).resolve().parents[2] / "fixtures" / "schemas" / "junit-10.xsd"


@cache
def schema() -> xmlschema.XMLSchema:
    """Return the schema of Jenkins' xUnit plugin."""
    return xmlschema.XMLSchema(SCHEMA)


def suites(*judgements: Judgement) -> list[ElementTree.Element]:
    """Return the suites of a document that fits the schema."""
    text = to_junit(judgements)
    schema().validate(text)
    return list(ElementTree.fromstring(text.encode("utf-8")))


def test_the_schema_refuses_what_is_wrong() -> None:
    """The check of the others would see a mistake."""
    text = to_junit([ALL]).replace("<failure ", "<fault ").replace("</failure>", "</fault>")
    assert not schema().is_valid(text)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits_the_schema(name: str) -> None:
    """And counts its cases right, with names from hostile databases."""
    judged = judge(REPORTS[name], "/srv/app")
    assert judged is not None
    suite = suites(judged)[0]
    cases = list(suite)
    assert int(suite.get("tests", "")) == len(cases) > 0
    assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
    assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))


def test_problems_fail_notes_are_told_and_the_rest_passes() -> None:
    """A case for each problem and for each thing in order."""
    kinds = [[child.tag for child in case] for case in suites(ALL)[0]]
    assert kinds == [["system-out"], ["failure"], ["failure"], ["failure"], [], ["skipped"]]


def test_a_failure_says_what_why_and_where() -> None:
    """Its message in the list, and help and place with it."""
    failure = suites(ALL)[0].findall("testcase/failure")[0]
    assert failure.get("message") == "GET /chefs sends one query 12 times"
    assert (failure.text or "").endswith("app/chefs.py:40")


def test_names_come_through_as_they_are() -> None:
    """Letters of every script stay; what XML cannot hold, or steers a terminal, is an escape."""
    case = suites(ALL)[0][3]
    name = case.get("name") or ""
    assert "]]>" in name and "\u65e5\u672c" in name and "\\x1b[2J" in name
    assert not any(char in name for char in "\x1b\u202e\n\ud800")


def test_nothing_found_is_a_case_that_passes() -> None:
    """A CI system takes a suite without cases for one that did not run."""
    cases = list(suites(NOTHING)[0])
    assert [(case.get("name"), len(case)) for case in cases] == [("nothing found", 0)]


def test_what_a_comparison_cannot_tell_is_skipped() -> None:
    """Neither passed nor failed; several results are several suites."""
    compared = judge(COMPARISON, "/srv/app")
    assert compared is not None
    suite = suites(ALL, compared)[1]
    assert [[child.tag for child in case] for case in suite] == [["failure"], ["skipped"], []]
