"""Defaults from `[tool.dbtune]` in pyproject.toml or from dbtune.toml."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from dbtune.errors import ConfigurationError


def read_defaults(folder: Path | None = None) -> dict[str, Any]:
    """Return option defaults by command, as click's default_map takes them.

    Looks in `folder` (the working directory by default), dbtune.toml before pyproject.toml.
    A table `[analyze]` (or `[tool.dbtune.analyze]`) holds the options of that command by their
    long names. Raises ConfigurationError for a file that is not TOML or not tables.
    """
    folder = folder or Path.cwd()
    for name in ("dbtune.toml", "pyproject.toml"):
        path = folder / name
        if path.is_file():
            table = _read_table(path, name == "pyproject.toml")
            if table is not None:
                return table
    return {}


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
    table = document.get("tool", {}).get("dbtune") if nested else document
    if table is None:
        return None
    return {command: _options(path, command, options) for command, options in table.items()}


def _options(path: Path, command: str, options: object) -> dict[str, Any]:
    if not isinstance(options, dict):
        raise ConfigurationError(
            f'{path}: "{command}" is {options!r}; expected a table of options',
            hint="write a table for each command, such as [analyze] with budget-mb = 50",
        )
    return {name.replace("-", "_"): value for name, value in options.items()}
