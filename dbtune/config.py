"""Defaults of options, and findings to ignore, from pyproject.toml or dbtune.toml."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from dbtune.errors import ConfigurationError

# The tables of findings to ignore, beside those of commands.
_IGNORE = "ignore"


@dataclass(frozen=True)
class IgnoreRule:
    """Findings of one code to ignore, and the reason; each field that is given has to match.

    `subject` is a shape's id, an index, a table. `call_site` is "app/views.py:40", or the file
    alone for all of its lines.
    """

    finding: str
    reason: str
    subject: str | None = None
    route: str | None = None
    call_site: str | None = None
    relationship: str | None = None

    def is_at(self, call_site: object) -> bool:
        """Tell whether the rule holds for a line, given as "file:line"."""
        if self.call_site is None or self.call_site == call_site:
            return True
        return isinstance(call_site, str) and call_site.rpartition(":")[0] == self.call_site

    def __str__(self) -> str:
        """Return what is ignored: n-plus-one (call_site = "app/views.py:40")."""
        given = (
            f'{name} = "{value}"'
            for name in ("subject", "route", "call_site", "relationship")
            if (value := getattr(self, name)) is not None
        )
        named = ", ".join(given)
        return f"{self.finding} ({named})" if named else self.finding


def read_defaults(folder: Path | None = None) -> dict[str, Any]:
    """Return option defaults by command, as click's default_map takes them.

    Looks in `folder` (the working directory by default), dbtune.toml before pyproject.toml.
    A table `[analyze]` (or `[tool.dbtune.analyze]`) holds the options of that command by their
    long names. Raises ConfigurationError for a file that is not TOML or not tables.
    """
    path, table = _find_table(folder or Path.cwd())
    return {
        command: _options(path, command, options)
        for command, options in table.items()
        if command != _IGNORE
    }


def configuration_file(folder: Path | None = None) -> Path:
    """Return the file that is read, for messages; the folder where there is none."""
    return _find_table(folder or Path.cwd())[0]


def read_ignored(folder: Path | None = None) -> tuple[IgnoreRule, ...]:
    """Return the `[[ignore]]` (or `[[tool.dbtune.ignore]]`) tables of the same file.

    Raises ConfigurationError for one without `finding` or `reason`, or with a key that is unknown.
    """
    path, table = _find_table(folder or Path.cwd())
    rules = table.get(_IGNORE, [])
    if not isinstance(rules, list):
        raise ConfigurationError(
            f'{path}: "ignore" is {rules!r}; expected [[ignore]] tables',
            hint="write two brackets on each side, as there may be several",
        )
    return tuple(_ignore_rule(path, rule) for rule in rules)


def _ignore_rule(path: Path, given: object) -> IgnoreRule:
    if not isinstance(given, dict):
        raise ConfigurationError(f"{path}: an entry of ignore is {given!r}; expected a table")
    known = tuple(field.name for field in fields(IgnoreRule))
    for name, value in given.items():
        if name not in known or not isinstance(value, str) or not value.strip():
            raise ConfigurationError(
                f"{path}: ignore has {name} = {value!r}; expected text for one of "
                f"{', '.join(known)}"
            )
    for name in ("finding", "reason"):
        if name not in given:
            raise ConfigurationError(
                f"{path}: ignore {given!r} has no {name}",
                hint="say which finding, and why it may stay, so that others can judge it later",
            )
    return IgnoreRule(**given)


def _find_table(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the file that configures dbtune, and its table; an empty one where there is none."""
    for name in ("dbtune.toml", "pyproject.toml"):
        path = folder / name
        if path.is_file():
            table = _read_table(path, name == "pyproject.toml")
            if table is not None:
                return path, table
    return folder, {}


def _read_table(path: Path, nested: bool) -> dict[str, Any] | None:
    if nested and "tool.dbtune" not in path.read_text(encoding="utf-8", errors="replace"):
        return None  # saves the TOML import for the many projects that configure nothing
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as TOML: {error}") from error
    table: dict[str, Any] | None = document.get("tool", {}).get("dbtune") if nested else document
    return table


def _options(path: Path, command: str, options: object) -> dict[str, Any]:
    if not isinstance(options, dict):
        raise ConfigurationError(
            f'{path}: "{command}" is {options!r}; expected a table of options',
            hint="write a table for each command, such as [analyze] with budget-mb = 50",
        )
    return {name.replace("-", "_"): value for name, value in options.items()}
