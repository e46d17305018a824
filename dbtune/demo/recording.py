"""Writes statements as a recording (docs/reference/recording.md)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from dbtune.demo.database import NOW
from dbtune.model.workload import RecordedQuery

# Unknown to readers of recordings, who pass over it; it says that the file is ours to replace.
GENERATOR = "dbtune demo"

HEADER = {
    "dbtune.recording": 1,
    "generator": GENERATOR,
    "sqlite_version": sqlite3.sqlite_version,
    "sample_rate": 1.0,
    "started_at": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
}


def write_recording(path: Path, queries: Iterable[RecordedQuery]) -> int:
    """Write the header and a line a statement, as they come; return the number of statements."""
    lines = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(HEADER) + "\n")
        for query in queries:
            file.write(_line(query) + "\n")
            lines += 1
    return lines


def _line(query: RecordedQuery) -> str:
    fields = {
        "ts": query.timestamp,
        "db.query.text": query.text,
        "db.query.parameters": query.parameters,
        "count": int(query.count) if query.count != 1 else None,
        "duration_ns": query.duration_ns,
        "rows": query.rows,
        "request_id": query.request_id,
        "route": query.route,
        "transaction_id": query.transaction_id,
        "code.file.path": query.file_path,
        "code.line.number": query.line_number,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(known, ensure_ascii=False)
