"""Files, variables and keys that configure dbtune: documented, and read as documented."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from dbtune.cli.defaults import option_names
from dbtune.config import IgnoreRule, read_defaults, read_ignored
from dbtune.recorder.processes import STATUS_VARIABLE
from dbtune.recorder.settings import RecorderSettings, to_environment
from tests.documents import DOCUMENTS, ROOT, Block, blocks, read, spans
from tests.fixtures.commands import commands

PAGE = ROOT / "docs" / "reference" / "configuration.md"
# Of this process, or the mapping of it that is passed on; WSGI calls its requests environ too.
_READ = re.compile(r'(?:\bos\.environ|\benvironment)(?:\.get\(|\[)\s*"(\w+)"')
_VARIABLE = re.compile(r"\bDBTUNE_[A-Z_]+\b")
# What is documented but not read by name: whole families, and what others read.
_BY_OTHERS = frozenset(
    "COLUMNS PAGER PYTHONPATH PGPASSWORD PGPASSFILE PGSERVICEFILE PGSSLMODE".split()
)

CONFIGURATIONS = [
    pytest.param(block, id=f"{path.name}:{block.line}")
    for path in DOCUMENTS
    for block in blocks(read(path))
    if block.language == "toml"
]


def variables_read() -> frozenset[str]:
    """Return the environment variables that the package asks for."""
    sources = (ROOT / "dbtune").rglob("*.py")
    return frozenset(name for source in sources for name in _READ.findall(read(source)))


def variables_set() -> frozenset[str]:
    """Return those that dbtune sets for programs that it starts."""
    recorder = to_environment(RecorderSettings("queries.jsonl"))
    return frozenset({*recorder, STATUS_VARIABLE, *_alert_names()})


def _alert_names() -> Iterator[str]:
    source = read(ROOT / "dbtune" / "report" / "documents" / "metrics_to_json.py")
    yield from re.findall(r'"(DBTUNE_ALERT_\w+)"', source)


def variables_documented() -> frozenset[str]:
    """Return those in the tables of the page."""
    rows = re.findall(r"^\| (`.+?) \|", read(PAGE), re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([A-Za-z_]+)`", row)}
    return frozenset(name for name in names if name.isupper() or name == "container")


def test_every_variable_is_documented() -> None:
    """What is read and what is set, and none that is not."""
    known = variables_read() | variables_set()
    assert "NO_COLOR" in known and "DBTUNE_ALERT_STATE" in known
    assert variables_documented() == known | _BY_OTHERS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_variables_that_are_named_exist(path: Path) -> None:
    """DBTUNE_ANALYZE_MIN_GAIN is the variable of an option; others are documented."""
    options = {
        f"DBTUNE_{variable}" for variable in option_variables(commands()) | {"QUIET", "VERBOSE"}
    }
    known = options | variables_set()
    text = read(path)
    named = {name for block in blocks(text) for name in _VARIABLE.findall(block.code)}
    named |= {name for span in spans(text) for name in _VARIABLE.findall(span)}
    families = {name for name in named if name.endswith("_")}  # DBTUNE_RECORD_*
    own_settings = {"DBTUNE_RECORD", "DBTUNE_NAMES"}  # of Django, and of a page's env.py
    assert not named - known - families - own_settings


def option_variables(known: Mapping[str, click.Command]) -> set[str]:
    """Return the ends of the variables of all options."""
    found = set()
    for name, command in known.items():
        found |= {f"{name}_{option}" for option in option_names(command)}
        if isinstance(command, click.Group):
            found |= {f"{name}_{part}" for part in option_variables(command.commands)}
    return {variable.replace("-", "_").upper() for variable in found}


def test_every_key_of_an_ignored_finding_is_documented() -> None:
    """In the table of the section."""
    section = read(PAGE).partition("## Findings to ignore")[2].partition("\n## ")[0]
    keys = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(keys) == sorted(field.name for field in dataclasses.fields(IgnoreRule))


@pytest.mark.parametrize("block", CONFIGURATIONS)
def test_examples_of_configuration_are_read(block: Block, tmp_path: Path) -> None:
    """As the files that they are, with commands and options that there are."""
    is_project = "[tool." in block.code or "[project" in block.code
    name = "pyproject.toml" if is_project else "dbtune.toml"
    (tmp_path / name).write_text(block.code, encoding="utf-8")
    read_ignored(tmp_path)
    tables = read_defaults(tmp_path)
    known = commands()
    assert set(tables) <= set(known)
    for command, table in tables.items():
        assert not list(unknown_options(known[command], table))


def unknown_options(command: click.Command, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of a table that are no options of the command, nor of a part of it."""
    parts = command.commands if isinstance(command, click.Group) else {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name in parts:
            yield from unknown_options(parts[name], value)
        elif name not in option_names(command):
            yield name


def test_the_check_of_examples_sees_what_is_unknown() -> None:
    """An option that there is not."""
    assert list(unknown_options(commands()["analyze"], {"min_gains": 1, "min_gain": 1})) == [
        "min-gains"
    ]
