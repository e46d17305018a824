"""Lines of a recording as nearly all are, read in one step by a decoder that knows their types.

A line that it does not take is read with care by recording_line.py, which takes ten times as long
and tells what is wrong with it. What it takes means the same to both.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Union

import msgspec

from dbtune.model.workload import Parameters, RecordedQuery
from dbtune.workload.comments import trace_id, with_tags
from dbtune.workload.recorded_values import (
    BLOB_KEY,
    KEY_PREFIX,
    PARAMETERS_KEY,
    LineError,
    plain_parameters,
    read_parameters,
)
from dbtune.workload.recording_line import HEADER_KEY, MOST
from dbtune.workload.timestamps import normalise_timestamp

_Text = Union[str, None]  # noqa: UP007 - evaluated at run time on 3.10
_Identifier = Union[str, int, None]  # noqa: UP007
_Amount = Union[  # noqa: UP007
    Annotated[int, msgspec.Meta(ge=0, le=MOST)], Annotated[float, msgspec.Meta(ge=0, le=MOST)], None
]
_Milliseconds = Union[  # noqa: UP007
    Annotated[int, msgspec.Meta(ge=0, le=MOST // 1_000_000)],
    Annotated[float, msgspec.Meta(ge=0, le=MOST // 1_000_000)],
    None,
]
_Count = Union[  # noqa: UP007
    Annotated[int, msgspec.Meta(gt=0, le=MOST)], Annotated[float, msgspec.Meta(gt=0, le=MOST)], None
]
_Value = Union[  # noqa: UP007
    str, Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)], float, bool, None
]
_Values = Union[list[_Value], dict[str, _Value], None]  # noqa: UP007

# Python refuses to read longer integers, where the decoder passes over those of unknown keys.
_LONGEST_NUMBER = 4300
_LONG_NUMBER = re.compile(rf"(?<![0-9])[0-9]{{{_LONGEST_NUMBER}}}")
# As dbtune record writes them. To find out by the error would take as long as to read the line.
_MASK = '{"type": "'
# A name may be spelt with escapes: d\u0062.query.
_ESCAPED_ASCII = re.compile(r"\\u00[0-7]")


class QuickLine(msgspec.Struct, frozen=True, gc=False):
    """A statement's line with its values as JSON has them; keys that are unknown are left aside."""

    text: str = msgspec.field(name="db.query.text")
    parameters: _Values = msgspec.field(name=PARAMETERS_KEY, default=None)
    timestamp: Union[str, int, float, None] = msgspec.field(name="ts", default=None)  # noqa: UP007
    duration_ns: _Amount = None
    rows: Union[Annotated[int, msgspec.Meta(ge=-1)], None] = None  # noqa: UP007
    request_id: _Identifier = None
    route: _Text = None
    file_path: _Text = msgspec.field(name="code.file.path", default=None)
    line_number: Union[Annotated[int, msgspec.Meta(ge=0)], None] = msgspec.field(  # noqa: UP007
        name="code.line.number", default=None
    )
    transaction_id: _Identifier = None
    count: _Count = None
    duration_ms: _Milliseconds = None
    traceparent: _Text = None
    error: _Text = None
    wait_ns: Union[Annotated[int, msgspec.Meta(ge=0)], None] = None  # noqa: UP007
    namespace: _Text = msgspec.field(name="db.namespace", default=None)
    relationship: _Text = msgspec.field(name="dbtune.relationship", default=None)
    values_digest: _Text = msgspec.field(name="dbtune.values_digest", default=None)
    header: Any = msgspec.field(name=HEADER_KEY, default=msgspec.UNSET)

    def nanoseconds(self) -> int | None:
        """Return the time of one execution."""
        if self.duration_ns is not None:
            return round(self.duration_ns)
        return None if self.duration_ms is None else round(float(self.duration_ms) * 1_000_000)

    def request(self) -> str | None:
        """Return what names the request, or the trace that stands in for it."""
        return _name(self.request_id) or trace_id(self.traceparent)


class _Coded(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A value that JSON has no form for: a mask, or a blob."""

    type: Union[str, msgspec.UnsetType] = msgspec.UNSET  # noqa: UP007
    len: Union[int, None] = None  # noqa: UP007
    blob: Any = msgspec.field(name=BLOB_KEY, default=msgspec.UNSET)


_CodedValue = Union[_Value, _Coded]  # noqa: UP007
_CodedValues = Union[list[_CodedValue], dict[str, _CodedValue], None]  # noqa: UP007


class _CodedLine(QuickLine, frozen=True, gc=False):
    """A line with masks among its values, which are None then."""

    # A wider type than the base's, which the decoder obeys; only this module sees it.
    parameters: _CodedValues = msgspec.field(  # type: ignore[assignment]
        name=PARAMETERS_KEY, default=None
    )


class _BlobLine(QuickLine, frozen=True, gc=False):
    """A line with blobs among its values, which are looked at one by one."""

    parameters: Any = msgspec.field(name=PARAMETERS_KEY, default=None)


_decode = msgspec.json.Decoder(QuickLine).decode
_decode_coded = msgspec.json.Decoder(_CodedLine).decode
_decode_blobs = msgspec.json.Decoder(_BlobLine).decode


def read_quickly(line: str) -> QuickLine | None:
    """Return the statement of a line, None where the line has to be read with care."""
    if len(line) > _LONGEST_NUMBER and _LONG_NUMBER.search(line):
        return None
    if _MASK in line and (coded := _read_coded(line)) is not None:
        return coded
    try:
        read = _decode(line)
    except msgspec.ValidationError:
        return _read_coded(line) if line.find("{", 1) > 0 else None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return read if _is_plain(read, line) else None


def _read_coded(line: str) -> QuickLine | None:
    try:
        read = _decode_coded(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    given = read.parameters
    if given is None or not _is_plain(read, line):
        return None
    masked = False
    for value in given.values() if isinstance(given, dict) else given:
        if type(value) is _Coded:
            if value.blob is not msgspec.UNSET or value.type is msgspec.UNSET:
                return _read_blobs(line)
            masked = True
    return msgspec.structs.replace(read, parameters=None) if masked else read


def _read_blobs(line: str) -> QuickLine | None:
    read = _decode_blobs(line)
    try:
        values, _ = read_parameters({PARAMETERS_KEY: read.parameters})
    except LineError:
        return None
    return msgspec.structs.replace(read, parameters=values)


def _is_plain(read: QuickLine, line: str) -> bool:
    # A text that begins with a letter holds more than space and comments.
    if read.header is not msgspec.UNSET or not read.text[:1].isalpha():
        return False
    values = read.parameters
    if values is None:
        return KEY_PREFIX not in line and not ("\\u00" in line and _ESCAPED_ASCII.search(line))
    # One value that stands where all should, or a statement with such names.
    return not isinstance(values, dict) or (BLOB_KEY not in values and "type" not in values)


def values_of(line: QuickLine) -> Parameters:
    """Return the values of a line as they are bound."""
    return plain_parameters(line.parameters)


def as_query(line: QuickLine, sample_rate: float) -> RecordedQuery:
    """Return all that a line says; counts are divided by the sample rate."""
    count = 1.0 if line.count is None else float(line.count)
    query = RecordedQuery(
        text=line.text,
        parameters=values_of(line),
        masked=line.parameters is None and isinstance(line, (_CodedLine, _BlobLine)),
        count=count / sample_rate,
        recorded_count=count,
        duration_ns=line.nanoseconds(),
        rows=None if line.rows == -1 else line.rows,
        error=line.error,
        timestamp=normalise_timestamp(line.timestamp),
        request_id=_name(line.request_id) or trace_id(line.traceparent),
        route=line.route,
        file_path=line.file_path,
        line_number=line.line_number,
        transaction_id=_name(line.transaction_id),
        wait_ns=line.wait_ns,
        namespace=line.namespace,
        relationship=line.relationship,
        values_digest=line.values_digest,
    )
    return with_tags(query)


def _name(identifier: str | int | None) -> str | None:
    return str(identifier) if isinstance(identifier, int) else identifier
