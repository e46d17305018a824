"""Problems as SARIF, which code scanning reads."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dbtune.report.checks.judge import judge
from dbtune.report.checks.problem import Judgement
from dbtune.report.checks.to_sarif import to_sarif
from tests.reports import REPORTS
from tests.unit.report_checks.results import ALL, COMPARISON, FAILED, NOTHING, WARNED, judgement

SCHEMA = Path(__file__).resolve().parents[2] / "fixtures" / "schemas" / "sarif-2.1.0.json"


@cache
def validator() -> jsonschema.Draft7Validator:
    """Return a validator of the standard's own schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def judged(name: str) -> Judgement:
    """Return what a report by hand judges."""
    found = judge(REPORTS[name], "/srv/app")
    assert found is not None
    return found


def results(*judgements: Judgement) -> list[dict[str, Any]]:
    """Return the results of the first run."""
    found: list[dict[str, Any]] = json.loads(to_sarif(judgements))["runs"][0]["results"]
    return found


def test_the_schema_refuses_what_is_wrong() -> None:
    """The check below would see a mistake."""
    document = json.loads(to_sarif([ALL]))
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert list(validator().iter_errors(document))


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits_the_schema(name: str) -> None:
    """Whatever it found, with names from hostile databases."""
    validator().validate(json.loads(to_sarif([judged(name)])))


def test_several_results_are_several_runs() -> None:
    """Each under a category of its own, so that one does not close the alerts of another."""
    compared = judge(COMPARISON, "/srv/app")
    assert compared is not None
    document = json.loads(to_sarif([ALL, compared, NOTHING]))
    validator().validate(document)
    assert [run["automationDetails"]["id"] for run in document["runs"]] == [
        "dbtune/analyze/app.db/",
        "dbtune/compare/head.db/",
        "dbtune/analyze/app.db/2/",
    ]
    assert document["runs"][2]["results"] == []


def test_a_result_has_its_rule_place_and_help() -> None:
    """At the line of the application, and else at the database's file."""
    document = json.loads(to_sarif([judgement(WARNED, FAILED)]))
    run = document["runs"][0]
    warned, failed = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert rules[warned["ruleIndex"]]["id"] == warned["ruleId"] == "n-plus-one"
    assert "section n-plus-one of docs/reference/findings.md" in rules[0]["help"]["text"]
    place = warned["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "app/chefs.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 40}
    place = failed["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "app.db", "uriBaseId": "%SRCROOT%"}}


def test_a_file_elsewhere_has_a_whole_address() -> None:
    """It is relative to nothing."""
    found = results(judgement(FAILED, subject="/srv/a b.db"))[0]
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///srv/a%20b.db"}


def test_a_fingerprint_stays_while_figures_move() -> None:
    """So that an alert stays the same one; another subject has another."""
    moved = replace(FAILED, message="Reads all rows: 90 % of them.", file="a.py", line=3)
    other = replace(FAILED, subject="ix_other")
    prints = [
        result["partialFingerprints"]["dbtune/v1"]
        for result in results(judgement(FAILED, moved, other))
    ]
    assert prints[0] == prints[1] != prints[2]
    assert re.fullmatch(r"[0-9a-f]{32}", prints[0])


def test_text_of_a_result_is_harmless() -> None:
    """ASCII in the document, and no character that steers a terminal once it is read."""
    text = to_sarif([ALL])
    assert text.isascii()
    told = [result["message"]["text"] for result in results(ALL)]
    assert not any(char in told[3] for char in "\x1b\u202e\ud800")


def test_no_two_runs_are_of_one_category() -> None:
    """GitHub refuses such a document; one run alone keeps its category from day to day."""
    document = json.loads(to_sarif([judged("full"), judged("full"), judged("applied")]))
    ids = [run["automationDetails"]["id"] for run in document["runs"]]
    assert len(set(ids)) == 3
    alone = json.loads(to_sarif([judged("full")]))
    assert alone["runs"][0]["automationDetails"]["id"] == ids[0]
    assert ids[1] == f"{ids[0]}2/"
