"""The Report document: what it holds, and what is said of one that cannot be read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dbtune.errors import ConfigurationError
from dbtune.model.advice import Evidence, Report
from dbtune.report.documents.from_json import from_json
from dbtune.report.documents.to_json import to_json
from tests.findings import UNUSED
from tests.report_schema import report_validator, valid_report
from tests.reports import FULL, REPORTS

CONTRACT_KEYS = (
    "schema_version dbtune_version command created_at source verdict findings shapes considered "
    "not_checked"
).split()


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_document_is_valid_and_reads_back_as_the_same_report(report: Report) -> None:
    """Every kind of report fits the schema and survives the way through JSON."""
    text = to_json(report)
    valid_report(text)
    assert from_json(text, "report.json") == report


def test_document_has_the_keys_of_the_contract_in_its_order() -> None:
    """The contract's keys come first, and those of changing commands only where they apply."""
    keys = list(json.loads(to_json(FULL)))
    assert keys[: len(CONTRACT_KEYS)] == CONTRACT_KEYS
    assert not {"changes", "backup"} & set(keys)
    assert {"changes", "backup"} <= set(json.loads(to_json(REPORTS["applied"])))


def test_schema_describes_every_key_that_is_written() -> None:
    """A key without a word in the schema would be one that no reader knows."""
    schema = report_validator().schema
    for report in REPORTS.values():
        undescribed = list(_undescribed(json.loads(to_json(report)), schema, schema, "$"))
        assert not undescribed


def _undescribed(value: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            if key not in schema["properties"]:
                yield f"{path}.{key}"
            else:
                yield from _undescribed(item, schema["properties"][key], root, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _undescribed(item, schema.get("items", {}), root, f"{path}[]")


def test_text_is_ascii_and_the_same_every_time() -> None:
    """Names of any script arrive through any encoding, and two runs can be compared."""
    text = to_json(FULL)
    assert text.isascii() and text.endswith("}\n")
    assert text == to_json(FULL)
    assert "\x1b" not in text


def test_evidence_is_an_object_of_names_and_values() -> None:
    """Evidence reads as names and values, and text lists stay lists."""
    evidence = json.loads(to_json(FULL))["findings"][0]["evidence"]
    assert evidence["size_bytes"] == 4_014_080
    assert evidence["queries"] == ["0a1b2c3d4e5f", "5f4e3d2c1b0a"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_evidence_that_is_no_number_becomes_null(value: float) -> None:
    """JSON has no infinity: a ratio over zero is unknown, and the document stays valid."""
    finding = replace(UNUSED, evidence=(Evidence("gain_ratio", value),))
    document = valid_report(to_json(replace(FULL, findings=(finding,))))
    assert document["findings"][0]["evidence"] == {"gain_ratio": None}


def test_unknown_keys_are_left_aside() -> None:
    """A later dbtune may add keys without raising schema_version."""
    document = json.loads(to_json(FULL))
    document["charts"] = [{"name": "users"}]
    document["findings"][0]["documentation"] = "docs/rules.md"
    assert from_json(json.dumps(document), "report.json") == FULL


def test_byte_order_mark_is_read_over() -> None:
    """Editors on Windows put one in front of what they save."""
    assert from_json("\ufeff" + to_json(FULL), "report.json") == FULL


def _edited(*path: str | int, value: Any = None, drop: bool = False) -> str:
    document = json.loads(to_json(REPORTS["applied"]))
    place = document
    for step in path[:-1]:
        place = place[step]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(document)


MALFORMED = {
    "no severity of ours": (
        _edited("findings", 2, "severity", value="urgent"),
        'r.json: findings[2].severity is "urgent"; expected one of high, medium, low, info',
    ),
    "a list as severity": (
        _edited("findings", 0, "severity", value=[]),
        "r.json: findings[0].severity is []; expected one of high, medium, low, info",
    ),
    "no subject": (
        _edited("findings", 1, "subject", drop=True),
        'r.json: findings[1] has no "subject"',
    ),
    "size in words": (
        _edited("source", "size_bytes", value="50 MB"),
        'r.json: source.size_bytes is "50 MB"; expected a whole number, 0 or more',
    ),
    "negative size": (
        _edited("considered", 0, "size_bytes", value=-1),
        "r.json: considered[0].size_bytes is -1; expected a whole number, 0 or more",
    ),
    "true as cost": (
        _edited("verdict", "cost_before", value=True),
        "r.json: verdict.cost_before is true; expected a number",
    ),
    "an object as evidence value": (
        _edited("findings", 0, "evidence", "rows", value={"a": 1}),
        'r.json: findings[0].evidence.rows is {"a": 1}; expected a string, a number',
    ),
    "a number among statements": (
        _edited("findings", 0, "change", "up", value=["ANALYZE", 5]),
        "r.json: findings[0].change.up[1] is 5; expected a string",
    ),
    "a string instead of findings": (
        _edited("findings", value="none"),
        'r.json: findings is "none"; expected an array',
    ),
    "unique in words": (
        _edited("findings", 0, "change", "index", "unique", value="no"),
        'r.json: findings[0].change.index.unique is "no"; expected true or false',
    ),
    "no direction of ours": (
        _edited("changes", 0, "direction", value="sideways"),
        'r.json: changes[0].direction is "sideways"; expected one of up, down',
    ),
    "a long value": (
        _edited("shapes", value="x" * 500),
        f'r.json: shapes is "{"x" * 59}...; expected an array',
    ),
    "version in words": (
        _edited("schema_version", value="one"),
        'r.json: schema_version is "one"; expected a whole number, 0 or more',
    ),
    "no version": (_edited("schema_version", drop=True), 'the document has no "schema_version"'),
    "version 0": (_edited("schema_version", value=0), "schema_version is 0; expected 1"),
    "no object": ("[]", "r.json: the document is []; expected an object"),
    "no JSON": ("CREATE TABLE t(a)", "r.json is not JSON: Expecting value at line 1 column 1"),
    "nothing": ("", "r.json is not JSON"),
    "not a number": (_edited("verdict", "cost_before", value=math.nan), "NaN is not JSON"),
    "too deep": ("[" * 100_000, "r.json cannot be read as JSON"),
    "a huge number": (
        to_json(FULL).replace("50331648", "9" * 5000),
        "r.json",
    ),
    "an infinite number": (
        to_json(FULL).replace("203000000000.0", "1e999"),
        "verdict.cost_before is Infinity; expected a finite number",
    ),
}


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_document_is_named_with_place_and_value(text: str, message: str) -> None:
    """A file that is not a report says where it went wrong, and what to do."""
    with pytest.raises(ConfigurationError) as caught:
        from_json(text, "r.json")
    assert message in caught.value.message
    assert caught.value.hint is not None


def test_newer_document_asks_for_a_newer_dbtune() -> None:
    """A document of the future is not guessed at."""
    with pytest.raises(ConfigurationError) as caught:
        from_json(_edited("schema_version", value=2), "r.json")
    assert caught.value.message == "r.json: schema_version is 2; this dbtune reads 1"
    assert "upgrade" in (caught.value.hint or "")
