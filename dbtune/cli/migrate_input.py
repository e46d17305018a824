"""What was given on the command line of `dbtune migrate-to-postgres`, as the journey takes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dbtune.errors import ConfigurationError
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.model.transfer import PlanEdits
from dbtune.postgres.server.target import target_conninfo
from dbtune.report.documents.plan_from_json import plan_edits
from dbtune.similar_files import missing_hint

_CONFLICTS = (
    ("resume", "discard"),
    ("schema_only", "data_only"),
    ("rehearse", "resume"),
    ("rehearse", "discard"),
    ("rehearse", "verify_only"),
)


def chosen_options(
    url: str | None, environment: Mapping[str, str], chosen: dict[str, Any]
) -> MigrateOptions:
    """Return the journey's options. Raises ConfigurationError for a value of another form."""
    for one, other in _CONFLICTS:
        if chosen[one] and chosen[other]:
            names = (f"--{name.replace('_', '-')}" for name in (one, other))
            raise click.UsageError(f"{' and '.join(names)} exclude each other.")
    if chosen["rehearse"] and url:
        raise click.UsageError("--rehearse uses a server of its own; leave the URL out.")
    map_path, wait = chosen.pop("map_path"), chosen.pop("wait")
    return MigrateOptions(
        **{
            **chosen,
            "target": None if chosen["rehearse"] else target_conninfo(url, environment),
            "types": _types(chosen["types"]),
            "renames": tuple(_pairs(chosen["renames"], "--rename")),
            "empty_as_null": tuple(_column(t, "--empty-as-null") for t in chosen["empty_as_null"]),
            "edits": PlanEdits() if map_path is None else _read_edits(map_path),
            "check_queries": tuple(str(path) for path in chosen["check_queries"]),
            "wait_ms": round(wait * 1000),
        }
    )


def _read_edits(path: Path) -> PlanEdits:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"--map {path} does not exist",
            hint=missing_hint(path, "write it with --plan --json, and edit it"),
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--map {path} cannot be read: {error}") from error
    return plan_edits(text, str(path))


def _types(given: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return (table, column, type) of TABLE.COLUMN=TYPE. Raises ConfigurationError."""
    return tuple((*_column(left, "--type"), right) for left, right in _pairs(given, "--type"))


def _column(text: str, option: str) -> tuple[str, str]:
    """Return (table, column) of TABLE.COLUMN; the last point separates."""
    table, point, column = text.rpartition(".")
    if not point or not table or not column:
        raise ConfigurationError(
            f'{option} is "{text}"; expected TABLE.COLUMN', hint=f"such as {option} orders.total"
        )
    return table, column


def _pairs(given: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    found = []
    for text in given:
        left, equals, right = text.partition("=")
        if not equals or not left.strip() or not right.strip():
            raise ConfigurationError(
                f'{option} is "{text}"; expected a name, "=" and what it is to be',
                hint="such as --type orders.total=numeric(12,2) or --rename Order=orders",
            )
        found.append((left.strip(), right.strip()))
    return found
