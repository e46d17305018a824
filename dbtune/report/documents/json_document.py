"""A text as the root of a JSON document, of a version that this dbtune reads."""

from __future__ import annotations

import json
from typing import Any

from dbtune.errors import ConfigurationError
from dbtune.report.documents.json_node import JsonNode


def parse_document(text: str, name: str, hint: str) -> JsonNode:
    """Return the root of a document; `name` stands for it in messages.

    Raises ConfigurationError, with `hint`, for text that is not JSON.
    """
    try:
        # A byte order mark is what some editors put in front when they save.
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        message = f"{name} is not JSON: {error.msg} at {place}"
        raise ConfigurationError(message, hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} cannot be read as JSON: {error}", hint=hint) from error
    return JsonNode(value, "", name)


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def require_version(root: JsonNode, known: int) -> None:
    """Raise ConfigurationError for a document of another schema_version than the one known."""
    node = root.field("schema_version")
    version = node.size()
    if version > known:
        raise ConfigurationError(
            f"{root.name}: schema_version is {version}; this dbtune reads {known}",
            hint="a newer dbtune wrote it: pip install --upgrade dbtune",
        )
    if version < known:
        node.fail(str(known))
