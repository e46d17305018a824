"""A Report read back from its JSON document."""

from __future__ import annotations

from dbtune.errors import ConfigurationError
from dbtune.model.advice import Change, Evidence, EvidenceValue, Finding, IndexSpec, Report
from dbtune.model.overview import Environment
from dbtune.report.documents.json_document import parse_document, require_version
from dbtune.report.documents.json_node import JsonNode
from dbtune.report.documents.json_record import read_record
from dbtune.report.documents.to_json import SCHEMA_VERSION

# Commands whose results are other documents than a Report.
OTHER_RESULTS = ("queries", "bench", "compare")
# An object without them may be anything; what came later is left out by older documents.
_REQUIRED = ("findings", "shapes", "considered", "not_checked")
_HINT = "write the report anew, with dbtune analyze DB --output FILE"


def from_json(text: str, name: str) -> Report:
    """Return the Report that `to_json` wrote; keys it does not know are left aside.

    `name` stands for the document in messages. Raises ConfigurationError for text that is not
    such a document, with the key path and the value seen, and for a newer schema_version.
    """
    root = parse_document(text, name, _HINT)
    try:
        require_version(root, SCHEMA_VERSION)
        command = root.field("command").text()
        if command in OTHER_RESULTS:
            raise ConfigurationError(f"{name} is of dbtune {command}, and no report of a database")
        return read_report(root)
    except ConfigurationError as error:
        raise ConfigurationError(error.message, hint=error.hint or _HINT) from error


def read_report(root: JsonNode) -> Report:
    """Return the Report of a document whose version is known."""
    for key in _REQUIRED:
        root.field(key)
    environment = root.optional("environment")
    return read_record(
        root,
        Report,
        findings=tuple(map(_finding, root.field("findings").items())),
        environment=None if environment is None else _environment(environment),
    )


def _environment(node: JsonNode) -> Environment:
    versions = node.field("versions").fields()
    return read_record(
        node, Environment, versions=tuple((name, value.text()) for name, value in versions)
    )


def _finding(node: JsonNode) -> Finding:
    change = node.optional("change")
    evidence = node.field("evidence").fields()
    return read_record(
        node,
        Finding,
        evidence=tuple(Evidence(name, _evidence_value(value)) for name, value in evidence),
        change=None if change is None else _change(change),
    )


def _evidence_value(node: JsonNode) -> EvidenceValue:
    if node.value is None or isinstance(node.value, bool | str):
        return node.value
    if isinstance(node.value, int | float):
        return node.any_number()
    if isinstance(node.value, list):
        return node.texts()
    node.fail("a string, a number, true, false, null or an array of strings")


def _change(node: JsonNode) -> Change:
    index = node.optional("index")
    named = index is not None and index.optional("table") is not None
    return read_record(
        node,
        Change,
        reason=node.optional_text("reason") or "",
        index_name=None if index is None else index.optional_text("name"),
        index=read_record(index, IndexSpec) if index is not None and named else None,
    )
