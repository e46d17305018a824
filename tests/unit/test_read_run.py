"""Results read back from their documents, and what is said of those that are none."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.benchmark.regressions import GateLimits, compare
from dbtune.errors import ConfigurationError
from dbtune.journeys.doctor import diagnose
from dbtune.model.comparison import METRICS, Comparison
from dbtune.model.load import Failures, LoadRate, LoadReport, LoadRun, LoadSettings
from dbtune.model.run import Run
from dbtune.report.documents.explanation_to_json import explanation_to_json
from dbtune.report.documents.from_json import from_json
from dbtune.report.documents.plan_to_json import PLAN_SCHEMA_VERSION
from dbtune.report.documents.read_run import read_run, run_to_json
from dbtune.report.documents.run_file import read_report_file, read_run_file
from dbtune.report.documents.to_json import to_json
from tests.golden.test_comparison_golden import BASE, HEAD, TIMES
from tests.report_schema import valid_report
from tests.reports import FULL, REPORTS

COMPARED = replace(
    compare(BASE, HEAD, GateLimits(METRICS, 0.1), TIMES),
    created_at="2026-03-01T10:15:30+00:00",
    dbtune_version="0.1.0",
)
LOADED = LoadReport(
    "0.1.0",
    "2026-03-01T10:15:30+00:00",
    "platform.db",
    4096,
    LoadSettings(),
    "recorded",
    "request",
    3,
    7,
    (LoadRun("wal", LoadRate(50), 10.0, 90, Failures(timeout=10), 2, 700, None, ()),),
    notes=("one",),
)
RUNS: dict[str, Run] = {**REPORTS, "compared": COMPARED, "loaded": LOADED}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_run_is_told_by_its_command_and_written_again(run: Run) -> None:
    """The same result, and the same bytes."""
    text = run_to_json(run)
    valid_report(text)
    found = read_run(text, "run.json")
    assert found == run
    assert run_to_json(found) == text


def test_documents_from_before_what_was_added_are_read() -> None:
    """What they lack is unknown, and they are not refused."""
    report = json.loads(to_json(FULL))
    for key in ("overview", "health", "environment"):
        del report[key]
    compared = json.loads(run_to_json(COMPARED))
    for side in ("base", "head"):
        del compared[side]["database"]
    found = read_run(json.dumps(report), "old.json")
    assert found == replace(FULL, overview=(), health=(), environment=None)
    assert read_run(json.dumps(compared), "old.json") == COMPARED


def test_a_comparison_tells_as_much_of_its_sides_as_its_document() -> None:
    """How many shapes each has and not which, so that it can be read back."""
    assert (COMPARED.base.shapes, COMPARED.head.shapes, COMPARED.base.routes) == (4, 3, 2)
    assert [shape.text for shape in COMPARED.only_in_base] == ["SELECT gone FROM users"]


FOREIGN = {
    "recording": ('{"dbtune.recording": 1, "sqlite": "3.45.1"}\n{}', "r.json is a recording"),
    "recording without header": ('{"db.query.text": "SELECT 1"}', "r.json is a recording"),
    "database": ("SQLite format 3\0\x10\0", "r.json is a database"),
    "plan": (f'{{"plan_version": {PLAN_SCHEMA_VERSION}}}', "r.json is a plan of a migration"),
    "doctor": (json.dumps([asdict(d) for d in diagnose()]), "r.json is what dbtune doctor found"),
    "one query": (
        explanation_to_json(FULL, FULL.shapes[0]),
        "r.json is what dbtune analyze --explain says of one query",
    ),
    "samples": ('{"ts": "2026"}\n{"ts": "2027"}\n', "r.json is what dbtune monitor wrote"),
    "alerts": (
        '{"schema_version": 1, "command": "monitor"}\n{}',
        "r.json is what dbtune monitor wrote",
    ),
    "summary": (
        '{"schema_version": 1, "command": "recording inspect"}',
        "r.json is a summary of a recording",
    ),
    "another's document": ('{"command": ["secret"]}', "r.json is some other JSON"),
    "no version": ('{"command": "analyze"}', "r.json is some other JSON"),
    "a list": ("[]", "r.json is some other JSON"),
    "page": ("<!DOCTYPE html>\n<html>", "r.json is a page drawn of a result"),
}


@pytest.mark.parametrize(("text", "message"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_run_is_called_what_it_is(text: str, message: str) -> None:
    """With the command that makes one."""
    with pytest.raises(ConfigurationError) as caught:
        read_run(text, "r.json")
    assert caught.value.message == f"{message}, not a result of a command"
    assert "dbtune " in (caught.value.hint or "")


def edited(run: Run, *path: str | int, value: Any) -> str:
    """Return a run's document with another value at one place."""
    document = json.loads(run_to_json(run))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document)


MALFORMED = {
    "a rate in words": (
        edited(LOADED, "runs", 0, "rate", "clients", value="many"),
        'r.json: runs[0].rate.clients is "many"; expected a whole number, 0 or more',
    ),
    "a mix of none": (
        edited(LOADED, "load", "mix", value="writes"),
        'r.json: load.mix is "writes"; expected one of recorded, reads',
    ),
    "no seconds": (
        edited(LOADED, "runs", 0, "seconds", value=None),
        "r.json: runs[0].seconds is null; expected a number",
    ),
    "an outcome of none": (
        edited(COMPARED, "differences", 0, "outcome", value="worse"),
        'r.json: differences[0].outcome is "worse"; expected one of regression, inconclusive, ',
    ),
    "sides that are a list": (
        edited(COMPARED, "base", value=[]),
        "r.json: base is []; expected an object",
    ),
    "an interval in words": (
        edited(COMPARED, "differences", 0, "interval", value="wide"),
        'r.json: differences[0].interval is "wide"; expected an object',
    ),
    "versions in a list": (
        edited(FULL, "environment", "versions", value=["3.40"]),
        'r.json: environment.versions is ["3.40"]; expected an object',
    ),
    "a table without rows": (
        edited(FULL, "overview", 0, "rows", value=-1),
        "r.json: overview[0].rows is -1; expected a whole number, 0 or more",
    ),
    "a future load": (
        edited(LOADED, "schema_version", value=2),
        "r.json: schema_version is 2; this dbtune reads 1",
    ),
    "nothing": ("", "r.json is not JSON: Expecting value at line 1 column 1"),
}


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_run_is_named_with_place_and_value(text: str, message: str) -> None:
    """File, key path, value seen, what was expected, and what to do."""
    with pytest.raises(ConfigurationError) as caught:
        read_run(text, "r.json")
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_what_is_no_report_of_a_database_is_told_so() -> None:
    """Where a report is asked for, another result is no malformed one."""
    with pytest.raises(ConfigurationError, match=r"r.json is of dbtune bench, and no report"):
        from_json(run_to_json(LOADED), "r.json")


def test_a_file_is_read_with_its_path_in_messages(tmp_path: Path) -> None:
    """Missing, not UTF-8, a folder, or as it should be."""
    path = tmp_path / "run.json"
    with pytest.raises(ConfigurationError, match=r"run\.json does not exist"):
        read_run_file(path)
    path.write_bytes(b'{"command": "\xff"}')
    with pytest.raises(ConfigurationError, match="byte 13 is 0xff, which is not UTF-8"):
        read_run_file(path)
    path.write_text(run_to_json(COMPARED), encoding="utf-8")
    found = read_run_file(path)
    assert isinstance(found, Comparison) and found == COMPARED
    with pytest.raises(ConfigurationError, match=r"cannot be read: "):
        read_run_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('{"dbtune.recording": 1}\n', "is a recording, not a report", "analyze DB --queries"),
        ("SQLite format 3\0", "is a database, not a report", "analyze "),
        ("<!DOCTYPE html>\n", "is a page drawn of a result, not a report", "the JSON document"),
        (run_to_json(COMPARED), "is of dbtune compare, and no report", "dbtune analyze DB"),
    ],
)
def test_a_report_is_asked_for_by_that_name(
    tmp_path: Path, text: str, said: str, hint: str
) -> None:
    """Whatever else is given is told as what it is, with the command that makes a report."""
    path = tmp_path / "given"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_report_file(path)
    assert f"{path} {said}" in caught.value.message
    assert hint in (caught.value.hint or "")
