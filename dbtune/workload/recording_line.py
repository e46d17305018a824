"""One line of a JSONL recording: a header or a statement, checked key by key.

The format is in docs/reference/recording.md; its names are OpenTelemetry's
(https://opentelemetry.io/docs/specs/semconv/database/database-spans/).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from dbtune.model.workload import RecordedQuery
from dbtune.workload.comments import trace_id, with_tags
from dbtune.workload.lines import is_unicode
from dbtune.workload.recorded_values import LineError, is_parameter_key, quoted, read_parameters
from dbtune.workload.splitting import says_something
from dbtune.workload.timestamps import normalise_timestamp

HEADER_KEY = "dbtune.recording"
DROPPED_KEY = "dbtune.dropped"
TEXT_KEY = "db.query.text"
FORMAT_VERSION = 1

# Sums of products of larger counts and durations might not be numbers any more.
MOST = 2**53


@dataclass(frozen=True)
class RecordingHeader:
    """The first line of a recording. `sample_rate` is above 0 and at most 1."""

    sqlite_version: str | None = None
    sample_rate: float = 1.0
    started_at: str | None = None
    pid: int | None = None
    python_version: str | None = None
    generator: str | None = None


@dataclass(frozen=True)
class DroppedStatements:
    """A line that tells how many statements the recorder had to leave out."""

    count: int


class NewerFormat(LineError):
    """The recording is of a later dbtune, and what its lines mean is not known."""


def _refuse_constant(name: str) -> NoReturn:
    raise LineError(f"it holds {name}, which is no JSON number")


_KEYS = frozenset(
    """db.query.text ts error request_id route code.file.path transaction_id traceparent
    sqlite_version started_at python_version generator db.namespace dbtune.relationship
    dbtune.values_digest""".split()
)
# In a line that is valid UTF-8, half a pair can only come from an escape.
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")

# One decoder for all lines: json.loads builds a new one for each call with a parse_constant.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_line(
    line: str, sample_rate: float
) -> RecordedQuery | RecordingHeader | DroppedStatements:
    """Return what a line of a recording says; counts are divided by the sample rate.

    Raises LineError with the reason where the line is broken.
    """
    if not is_unicode(line):
        raise LineError("it is not valid UTF-8")
    try:
        fields = _DECODER.decode(line)
    except RecursionError as error:
        raise LineError("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise LineError(f"it is not JSON: {error.msg} at character {error.pos + 1}") from error
    except ValueError as error:
        if isinstance(error, LineError):
            raise
        # Python refuses to read integers of more than 4,300 digits.
        raise LineError("it holds a number that is too long") from error
    if not isinstance(fields, dict):
        raise LineError(f"it is {quoted(fields)}; expected a JSON object")
    if _SURROGATE_ESCAPE.search(line):
        _check_characters(fields)
    if HEADER_KEY in fields:
        return _parse_header(fields)
    if DROPPED_KEY in fields and TEXT_KEY not in fields:
        return DroppedStatements(_whole(fields, DROPPED_KEY) or 0)
    return _parse_query(fields, sample_rate)


def _check_characters(fields: dict[str, Any]) -> None:
    for key, value in fields.items():
        if key in _KEYS or is_parameter_key(key):
            text = json.dumps([key, value], ensure_ascii=False)
            if not is_unicode(text):
                raise LineError(f'"{key}" holds half a surrogate pair, which is no character')


def _parse_header(fields: dict[str, Any]) -> RecordingHeader:
    version = fields[HEADER_KEY]
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise NewerFormat(
            f"it is written in format {version} of recordings; this dbtune reads {FORMAT_VERSION}"
        )
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise LineError(
            f'"{HEADER_KEY}" is {quoted(version)}; this dbtune reads format {FORMAT_VERSION}'
        )
    rate = _number(fields, "sample_rate", "a number above 0 and at most 1")
    if rate is not None and not 0 < rate <= 1:
        raise LineError(f'"sample_rate" is {quoted(rate)}; expected a number above 0 and at most 1')
    if rate is not None and rate * MOST < 1:
        raise LineError(f'"sample_rate" is {quoted(rate)}, which is too small')
    return RecordingHeader(
        sqlite_version=_text(fields, "sqlite_version"),
        sample_rate=1.0 if rate is None else rate,
        started_at=_timestamp(fields, "started_at"),
        pid=_whole(fields, "pid"),
        python_version=_text(fields, "python_version"),
        generator=_text(fields, "generator"),
    )


def _parse_query(fields: dict[str, Any], sample_rate: float) -> RecordedQuery:
    text = _query_text(fields)
    parameters, masked = read_parameters(fields)
    count = _count(fields)
    traceparent = _text(fields, "traceparent")
    query = RecordedQuery(
        text=text,
        parameters=parameters,
        masked=masked,
        count=count / sample_rate,
        recorded_count=count,
        duration_ns=_duration_ns(fields),
        rows=_rows(fields),
        error=_text(fields, "error"),
        timestamp=_timestamp(fields, "ts"),
        request_id=_identifier(fields, "request_id") or trace_id(traceparent),
        route=_text(fields, "route"),
        file_path=_text(fields, "code.file.path"),
        line_number=_whole(fields, "code.line.number"),
        transaction_id=_identifier(fields, "transaction_id"),
        wait_ns=_whole(fields, "wait_ns"),
        namespace=_text(fields, "db.namespace"),
        relationship=_text(fields, "dbtune.relationship"),
        values_digest=_text(fields, "dbtune.values_digest"),
    )
    return with_tags(query)


def _query_text(fields: dict[str, Any]) -> str:
    text = _text(fields, TEXT_KEY)
    if text is None:
        raise LineError('"db.query.text" is missing')
    if not says_something(text):
        raise LineError('"db.query.text" holds no statement')
    return text


def _text(fields: dict[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise LineError(f'"{key}" is {quoted(value)}; expected a text')
    return value


def _identifier(fields: dict[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(fields, key)


def _number(fields: dict[str, Any], key: str, expected: str) -> float | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        raise LineError(f'"{key}" is {quoted(value)}; expected {expected}')
    return float(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _count(fields: dict[str, Any]) -> float:
    value = _number(fields, "count", "a number above 0")
    if value is None:
        return 1.0
    if value <= 0:
        raise LineError(f'"count" is {quoted(fields["count"])}; expected a number above 0')
    if value > MOST:
        raise LineError(f'"count" is {quoted(fields["count"])}, which is too large')
    return value


def _duration_ns(fields: dict[str, Any]) -> int | None:
    for key, unit, ns_per_unit in (
        ("duration_ns", "nanoseconds", 1),
        ("duration_ms", "milliseconds", 1_000_000),
    ):
        value = _number(fields, key, f"a number of {unit}")
        if value is not None:
            if value < 0:
                raise LineError(f'"{key}" is {quoted(fields[key])}; expected a number of {unit}')
            if value * ns_per_unit > MOST:
                raise LineError(f'"{key}" is {quoted(fields[key])}, which is too large')
            return round(value * ns_per_unit)
    return None


def _whole(fields: dict[str, Any], key: str) -> int | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise LineError(f'"{key}" is {quoted(value)}; expected a whole number')
    return value


def _rows(fields: dict[str, Any]) -> int | None:
    # The DB-API's rowcount is -1 where the driver does not know.
    return None if fields.get("rows") == -1 else _whole(fields, "rows")


def _timestamp(fields: dict[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    normal = normalise_timestamp(value)
    if normal is None:
        raise LineError(
            f'"{key}" is {quoted(value)}; expected ISO 8601 such as "2025-01-31T12:00:00Z"'
        )
    return normal
