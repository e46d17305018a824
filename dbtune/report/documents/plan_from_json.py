"""What somebody changed in a plan's document: names and types that the plan is to have instead."""

from __future__ import annotations

from dbtune.errors import ConfigurationError
from dbtune.model.transfer import PlanEdits
from dbtune.report.documents.json_document import parse_document
from dbtune.report.documents.json_node import JsonNode
from dbtune.report.documents.plan_to_json import PLAN_SCHEMA_VERSION

_HINT = "write the plan anew, with dbtune migrate-to-postgres DB --plan --json > FILE"


def plan_edits(text: str, name: str) -> PlanEdits:
    """Return names and types of a plan's document; all else in it is left aside.

    `name` stands for the document in messages. Raises ConfigurationError for what is no plan.
    """
    root = parse_document(text, name, _HINT)
    try:
        return _edits(root)
    except ConfigurationError as error:
        raise ConfigurationError(error.message, hint=error.hint or _HINT) from error


def _edits(root: JsonNode) -> PlanEdits:
    version = root.field("plan_version")
    if version.size() != PLAN_SCHEMA_VERSION:
        version.fail(str(PLAN_SCHEMA_VERSION))
    types: list[tuple[str, str, str]] = []
    names: list[tuple[str, str]] = []
    for table in root.field("tables").items():
        source = table.field("source").text()
        names.append((source, table.field("target").text()))
        for column in table.field("columns").items():
            own = column.field("source").text()
            names.append((f"{source}.{own}", column.field("target").text()))
            types.append((source, own, column.field("pg_type").text()))
    return PlanEdits(tuple(types), tuple(names))
