"""A QueryDigest as a JSON document, described by the schema in docs/how-to/queries.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from dbtune.model.digest import QueryDigest
from dbtune.model.latency import LatencySummary

SCHEMA_VERSION = 1


def queries_to_json(digest: QueryDigest) -> str:
    """Return the document: ASCII, keys in a fixed order, durations in nanoseconds.

    Raises ValueError for a figure that is not a number, which is a bug in dbtune.
    """
    fields = asdict(digest)
    created_at, version = fields.pop("created_at"), fields.pop("dbtune_version")
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": version,
        "command": "queries",
        "created_at": created_at,
        **fields,
        "latency": _latency(digest.latency),
        "queries": [
            {**asdict(query), "latency": _latency(query.latency)} for query in digest.queries
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _latency(latency: LatencySummary | None) -> dict[str, Any] | None:
    return None if latency is None else {"total_ns": latency.total_ns, **asdict(latency)}
