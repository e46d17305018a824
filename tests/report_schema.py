"""The check of a report document against the JSON Schema that ships with dbtune."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator


@cache
def report_validator() -> Draft202012Validator:
    """Return the validator of report.schema.json, itself checked."""
    folder = files("dbtune.report.documents")
    schema = json.loads(folder.joinpath("report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def valid_report(text: str) -> dict[str, Any]:
    """Return a report document as parsed, after checking it against the schema."""
    document: dict[str, Any] = json.loads(text)
    problems = [f"{e.json_path}: {e.message}" for e in report_validator().iter_errors(document)]
    assert not problems, problems
    return document
