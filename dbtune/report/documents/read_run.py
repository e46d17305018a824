"""Whatever a command wrote as JSON, read back, told by the command; and written again."""

from __future__ import annotations

from dbtune.errors import ConfigurationError
from dbtune.model.comparison import Comparison
from dbtune.model.digest import QueryDigest
from dbtune.model.load import LoadReport
from dbtune.model.run import Run
from dbtune.report.documents import (
    comparison_to_json,
    load_to_json,
    queries_to_json,
    to_json,
)
from dbtune.report.documents.foreign_documents import (
    is_list_of_results,
    refuse_foreign_text,
    refuse_foreign_value,
)
from dbtune.report.documents.from_json import read_report
from dbtune.report.documents.json_document import parse_document, require_version
from dbtune.report.documents.json_node import JsonNode
from dbtune.report.documents.json_record import read_record
from dbtune.report.documents.load_from_json import read_load

_HINT = "write it anew, with --output FILE of analyze, bench, compare, queries or others"


def read_run(text: str, name: str) -> Run:
    """Return what a command's --json or --output wrote; keys it does not know are left aside.

    `name` stands for the document in messages. Raises ConfigurationError for what is no such
    document, says what it is where that is known, and names key path and value seen.
    """
    return _checked_run(_root(text, name))


def read_several(text: str, name: str) -> tuple[Run, ...]:
    """Return the same, or the results of a list of such documents, one at least, in their order.

    `dbtune report --format json` writes several so.
    """
    root = _root(text, name)
    if not is_list_of_results(root.value):
        return (_checked_run(root),)
    return tuple(map(_checked_run, root.items()))


def run_to_json(run: Run) -> str:
    """Return a run as the document that its command writes, byte for byte."""
    if isinstance(run, QueryDigest):
        return queries_to_json.queries_to_json(run)
    if isinstance(run, LoadReport):
        return load_to_json.load_to_json(run)
    if isinstance(run, Comparison):
        return comparison_to_json.comparison_to_json(run)
    return to_json.to_json(run)


def _root(text: str, name: str) -> JsonNode:
    refuse_foreign_text(text, name)
    return parse_document(text, name, _HINT)


def _checked_run(root: JsonNode) -> Run:
    refuse_foreign_value(root)
    try:
        return _run(root)
    except ConfigurationError as error:
        raise ConfigurationError(error.message, hint=error.hint or _HINT) from error


def _run(root: JsonNode) -> Run:
    command = root.field("command").text()
    if command == "queries":
        require_version(root, queries_to_json.SCHEMA_VERSION)
        return read_record(root, QueryDigest)
    if command == "bench":
        require_version(root, load_to_json.SCHEMA_VERSION)
        return read_load(root)
    if command == "compare":
        require_version(root, comparison_to_json.SCHEMA_VERSION)
        return read_record(root, Comparison)
    require_version(root, to_json.SCHEMA_VERSION)
    return read_report(root)
