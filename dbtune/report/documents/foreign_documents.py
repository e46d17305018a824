"""What is written as JSON, or beside it, and is no result of a command: told by how it begins."""

from __future__ import annotations

from typing import Literal, NoReturn

from dbtune.errors import ConfigurationError
from dbtune.report.documents.json_node import JsonNode

RECORDING_STARTS = ('{"dbtune.recording"', '{"db.query.text"', '{"dbtune.dropped"')
_DATABASE_START = "SQLite format 3\0"
_SAMPLE_START = '{"ts": '
_ALERT = '"command": "monitor"'
_PAGE_STARTS = ("<!doctype html", "<html")
# So many bytes of a file of any size tell a recording and a database.
LONGEST_START = max(map(len, (*RECORDING_STARTS, _DATABASE_START)))
_LOOKED_AT = 1000
_ANALYZE = "dbtune analyze DB --output FILE"
_PAGE_OF = "dbtune report FILE, of the JSON document"
# A key that no result has, by what has it.
_KEYS = (
    ("plan_version", "a plan of a migration", "dbtune migrate-to-postgres DB --json > FILE"),
    ("rank", "what dbtune analyze --explain says of one query", _ANALYZE),
    ("not_analyzed", "what dbtune analyze --explain says of one query", _ANALYZE),
)
_INSPECTED = "recording inspect"
# What somebody asks for, and the command that makes it of a recording.
Wanted = Literal["a result of a command", "a report"]
_RESULT: Wanted = "a result of a command"
_OF_RECORDING: dict[Wanted, str] = {
    "a result of a command": "dbtune queries {} --output FILE",
    "a report": "dbtune analyze DB --queries {} --output FILE",
}


def refuse_foreign_text(text: str, name: str, wanted: Wanted = _RESULT) -> None:
    """Raise ConfigurationError for a text that begins as something else than what is wanted."""
    start = text[:_LOOKED_AT].removeprefix("\ufeff").lstrip()
    if start.startswith(RECORDING_STARTS):
        _refuse(name, "a recording", _OF_RECORDING[wanted].format(name), wanted)
    if start.startswith(_DATABASE_START):
        _refuse(name, "a database", f"dbtune analyze {name} --output FILE", wanted)
    if start.startswith(_SAMPLE_START) or _ALERT in start.partition("\n")[0]:
        _refuse(name, "what dbtune monitor wrote", _ANALYZE, wanted)
    if start.lower().startswith(_PAGE_STARTS):
        _refuse(name, "a page drawn of a result", _PAGE_OF, wanted)


def is_list_of_results(value: object) -> bool:
    """Return whether a document is a list that begins with what may be a command's result."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and {"schema_version", "command"} <= value[0].keys()
    )


def refuse_foreign_value(root: JsonNode) -> None:
    """Raise ConfigurationError for a document of dbtune's that is not the result of a command."""
    value = root.value
    if isinstance(value, list) and value and isinstance(value[0], dict) and "topic" in value[0]:
        _refuse(root.name, "what dbtune doctor found", _ANALYZE)
    if is_list_of_results(value):
        _refuse(root.name, "a list of results", "dbtune report RUN --format json, of one RUN")
    found = value if isinstance(value, dict) else {}
    if found.get("command") == _INSPECTED:
        _refuse(root.name, "a summary of a recording", "dbtune queries FILE --output FILE")
    if "schema_version" in found and isinstance(found.get("command"), str):
        return
    for key, what, instead in _KEYS:
        if key in found:
            _refuse(root.name, what, instead)
    # No value is named: whose file it is, and what secrets are in it, nobody knows.
    _refuse(root.name, "some other JSON", _ANALYZE)


def _refuse(name: str, what: str, instead: str, wanted: Wanted = _RESULT) -> NoReturn:
    raise ConfigurationError(f"{name} is {what}, not {wanted}", hint=f"make one: {instead}")
