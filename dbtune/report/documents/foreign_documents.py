"""What is written as JSON, or beside it, and is no result of a command: told by how it begins."""

from __future__ import annotations

from typing import NoReturn

from dbtune.errors import ConfigurationError
from dbtune.report.documents.json_node import JsonNode

RECORDING_STARTS = ('{"dbtune.recording"', '{"db.query.text"', '{"dbtune.dropped"')
DATABASE_START = "SQLite format 3\0"
LONGEST_START = max(map(len, (*RECORDING_STARTS, DATABASE_START)))
_SAMPLE_START = '{"ts": '
_PAGE_STARTS = ("<!doctype html", "<html")
# A key that no result has, by what has it.
_KEYS = (
    ("plan_version", "a plan of a migration", "dbtune migrate-to-postgres DB --json > FILE"),
    ("rank", "what analyze --explain says of one query", "dbtune analyze DB --output FILE"),
    ("not_analyzed", "what analyze --explain says of one query", "dbtune analyze DB --output FILE"),
    ("ts", "a sample of dbtune monitor", "dbtune analyze DB --output FILE"),
)
_COMMANDS = {
    "recording inspect": ("a summary of a recording", "dbtune queries FILE --output FILE"),
    "monitor": ("an alert of dbtune monitor", "dbtune analyze DB --output FILE"),
}


def refuse_foreign_text(text: str, name: str) -> None:
    """Raise ConfigurationError for a text that begins as something else than a result.

    Its first LONGEST_START characters suffice to tell a recording and a database.
    """
    start = text.removeprefix("\ufeff").lstrip()[: LONGEST_START + 1]
    if start.startswith(RECORDING_STARTS):
        _refuse(name, "a recording", f"dbtune queries {name} --output FILE")
    if text.startswith(DATABASE_START):
        _refuse(name, "a database", f"dbtune analyze {name} --output FILE")
    if start.startswith(_SAMPLE_START):
        _refuse(name, "what dbtune monitor wrote", "dbtune analyze DB --output FILE")
    if start.lower().startswith(_PAGE_STARTS):
        _refuse(name, "a page drawn of a report", "dbtune report with the JSON it was drawn from")


def refuse_foreign_value(root: JsonNode) -> None:
    """Raise ConfigurationError for a document of dbtune's that is not the result of a command."""
    value = root.value
    if isinstance(value, list) and value and isinstance(value[0], dict) and "topic" in value[0]:
        _refuse(root.name, "what dbtune doctor found", "dbtune analyze DB --output FILE")
    if not isinstance(value, dict):
        return
    if isinstance(value.get("command"), str):
        if value["command"] in _COMMANDS:
            _refuse(root.name, *_COMMANDS[value["command"]])
        return
    for key, what, instead in _KEYS:
        if key in value:
            _refuse(root.name, what, instead)


def _refuse(name: str, what: str, instead: str) -> NoReturn:
    raise ConfigurationError(
        f"{name} is {what}, not a result of a command", hint=f"make one: {instead}"
    )
