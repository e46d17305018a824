"""The check of a document against the JSON Schema that ships with dbtune."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

# What is not of one of these commands is a Report.
_OTHERS = ("bench", "compare", "queries")


@cache
def report_validator(name: str = "report") -> Draft202012Validator:
    """Return the validator of report.schema.json or that of another kind, itself checked."""
    folder = files("dbtune.report.documents")
    schema = json.loads(folder.joinpath(f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def valid_report(text: str) -> dict[str, Any]:
    """Return the document of any command as parsed, after checking it against its schema."""
    document: dict[str, Any] = json.loads(text)
    name = document["command"] if document["command"] in _OTHERS else "report"
    validator = report_validator(name)
    problems = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(document)]
    assert not problems, problems
    return document
