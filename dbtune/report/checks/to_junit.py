"""Judgements as JUnit XML, in the form that Jenkins' xUnit plugin describes.

Source: https://github.com/jenkinsci/xunit-plugin, junit-10.xsd
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from dbtune.report.checks.problem import Check, Judgement, Problem
from dbtune.report.plain_text import printable

_FAILING = ("error", "warning")
_ZONE = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")


def to_junit(judgements: Iterable[Judgement]) -> str:
    """Return one document with a suite for each judgement.

    A case for each problem, which errors and warnings fail, and for each thing that was found in
    order; what nothing is known of is skipped.
    """
    root = ElementTree.Element("testsuites")
    for judgement in judgements:
        root.append(_suite(judgement))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(judgement: Judgement) -> ElementTree.Element:
    cases = list(_cases(judgement))
    suite = ElementTree.Element(
        "testsuite",
        name=printable(f"dbtune {judgement.command} {judgement.subject}"),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time="0",
    )
    if judgement.created_at:
        # The schema's pattern has no time zone; the time is UTC.
        suite.set("timestamp", _ZONE.sub("", printable(judgement.created_at)))
    suite.extend(cases)
    return suite


def _cases(judgement: Judgement) -> Iterator[ElementTree.Element]:
    prefix = f"dbtune.{judgement.command}"
    for problem in judgement.problems:
        yield _problem_case(problem, f"{prefix}.{problem.code}")
    for check in judgement.checks:
        yield _check_case(check, f"{prefix}.{check.kind}")
    if not judgement.problems and not judgement.checks:
        yield _case("nothing found", prefix)


def _problem_case(problem: Problem, classname: str) -> ElementTree.Element:
    case = _case(problem.subject, classname)
    lines = (problem.message, problem.help, problem.command, _place(problem))
    text = "\n".join(printable(line) for line in lines if line)
    if problem.level in _FAILING:
        failure = ElementTree.SubElement(case, "failure", type=problem.level)
        failure.set("message", printable(problem.message))
        failure.text = text
    elif problem.code.startswith("inconclusive-"):
        ElementTree.SubElement(case, "skipped").text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text
    return case


def _check_case(check: Check, classname: str) -> ElementTree.Element:
    case = _case(check.subject, classname)
    if not check.known:
        ElementTree.SubElement(case, "skipped").text = printable(check.reason)
    return case


def _case(name: str, classname: str) -> ElementTree.Element:
    return ElementTree.Element(
        "testcase", name=printable(name) or "-", classname=printable(classname), time="0"
    )


def _place(problem: Problem) -> str:
    return "" if problem.file is None else f"{problem.file}:{problem.line}"
