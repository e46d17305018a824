"""Lines of a recording, made from statements that were read from another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from os import urandom
from typing import Any

from dbtune.model.workload import RecordedQuery
from dbtune.recorder.masking import mask_error, mask_text
from dbtune.recorder.recorded_values import ValuesDigest, code_value, mask_value, to_json
from dbtune.workload.binding import placeholders
from dbtune.workload.recorded_values import PARAMETERS_KEY
from dbtune.workload.recording_line import (
    DROPPED_KEY,
    FORMAT_VERSION,
    HEADER_KEY,
    TEXT_KEY,
    DroppedStatements,
    RecordingHeader,
)

_GENERATOR = "dbtune recording convert"

_KEY_BYTES = 16
_LONGEST_REMEMBERED = 4 * 1024

# Of a value that was masked already nothing is known any more.
_UNKNOWN_VALUE = '{"type": "other"}'


def header_line(header: RecordingHeader) -> str:
    """Return the line that a process begins with, or one that tells another sample rate."""
    fields = {
        HEADER_KEY: FORMAT_VERSION,
        "sample_rate": header.sample_rate,
        "sqlite_version": header.sqlite_version,
        "started_at": header.started_at,
        "pid": header.pid,
        "python_version": header.python_version,
        "generator": header.generator,
    }
    return json.dumps({key: value for key, value in fields.items() if value is not None}) + "\n"


def query_line(query: RecordedQuery) -> str:
    """Return the line of a statement with all that is known of it."""
    return _line(query, query.text, _coded(query, masking=False), query.error, query.values_digest)


def redacted_line(query: RecordedQuery, digests: ValuesDigest | None) -> str:
    """Return the line of a statement without any value: not bound, in its text or in its error.

    With `digests`, which make those of literals, it says which values are equal.
    """
    text, literals = masked_text(query.text)
    digest = _redacted_digest(query, literals, digests) if digests is not None else None
    error = None if query.error is None else mask_error(query.error, query.text, _bound(query))
    return _line(query, text, _coded(query, masking=True), error, digest)


def _bound(query: RecordedQuery) -> Iterable[object]:
    given = query.parameters or ()
    return given.values() if isinstance(given, Mapping) else given


def _redacted_digest(query: RecordedQuery, literals: str, digests: ValuesDigest) -> str | None:
    # The recorded one does not cover literals that were recorded as they are.
    digest = query.values_digest
    if not literals or (digest is None and (query.parameters or query.masked)):
        return digest
    return digests.of(digest, literals)


def masked_text(text: str) -> tuple[str, str]:
    """Return a statement without literals, and the literals; texts come again and again."""
    return _masked_again(text) if len(text) <= _LONGEST_REMEMBERED else mask_text(text)


@lru_cache(maxsize=4_000)
def _masked_again(text: str) -> tuple[str, str]:
    return mask_text(text)


def _coded(query: RecordedQuery, *, masking: bool) -> str | None:
    if query.parameters:
        return to_json(query.parameters, mask_value if masking else code_value)
    if query.parameters is None and query.masked:
        count = max(1, placeholders(query.text).count)
        return "[" + ", ".join([_UNKNOWN_VALUE] * count) + "]"
    return None


def _line(
    query: RecordedQuery, text: str, values: str | None, error: str | None, digest: str | None
) -> str:
    count = query.count if query.recorded_count is None else query.recorded_count
    fields: dict[str, Any] = {
        "count": None if count == 1 else _number(count),
        "ts": query.timestamp,
        "duration_ns": query.duration_ns,
        "rows": query.rows,
        "wait_ns": query.wait_ns,
        "request_id": query.request_id,
        "route": query.route,
        "code.file.path": query.file_path,
        "code.line.number": query.line_number,
        "transaction_id": query.transaction_id,
        "db.namespace": query.namespace,
        "dbtune.relationship": query.relationship,
        "dbtune.values_digest": digest,
        "error": error,
    }
    given = {key: value for key, value in fields.items() if value is not None}
    bound = f', "{PARAMETERS_KEY}": {values}' if values is not None else ""
    rest = f", {json.dumps(given)[1:]}" if given else "}"
    return f'{{"{TEXT_KEY}": {json.dumps(text)}{bound}{rest}\n'


def _number(count: float) -> float:
    return int(count) if count == int(count) else count


class RecordingLines:
    """Makes the lines of a recording, with a header wherever the rate of sampling changes."""

    def __init__(self, *, redact: bool = False, keep_digests: bool = False) -> None:
        self._redact = redact
        # The key is stored nowhere: digests of literals are of no use to find these out.
        self._digests = ValuesDigest(urandom(_KEY_BYTES)) if keep_digests else None
        self._sample_rate: float | None = None

    def header(self, header: RecordingHeader) -> str:
        """Return the line that a process begins with."""
        self._sample_rate = header.sample_rate
        return header_line(header)

    def lost(self, dropped: DroppedStatements) -> str:
        """Return the line that tells what the recorder had to leave out."""
        return json.dumps({DROPPED_KEY: dropped.count}) + "\n"

    def query(self, query: RecordedQuery, sample_rate: float) -> str:
        """Return the line of a statement."""
        line = redacted_line(query, self._digests) if self._redact else query_line(query)
        if sample_rate == self._sample_rate:
            return line
        header = RecordingHeader(sample_rate=sample_rate, generator=_GENERATOR)
        return self.header(header) + line
