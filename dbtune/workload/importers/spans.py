"""Spans of OpenTelemetry, as its collector and its Python SDK write them in JSON.

Sources: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and
https://opentelemetry.io/docs/specs/semconv/database/database-spans/; older names of attributes are
those of version 1.24 of the same page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

import msgspec

from dbtune.model.workload import RecordedQuery
from dbtune.workload.comments import with_tags
from dbtune.workload.importers.printed_values import NO_VALUES, BoundValues, read_printed
from dbtune.workload.recorded_values import LineError, is_parameter_key, read_parameters
from dbtune.workload.splitting import says_something
from dbtune.workload.timestamps import nanoseconds_between, normalise_timestamp

_SQLITE = "sqlite"
_ERROR_CODES = (2, "2", "STATUS_CODE_ERROR", "ERROR")

_Nanoseconds = Union[int, str, None]  # noqa: UP007 - evaluated at run time on 3.10
_Text = Union[str, None]  # noqa: UP007
_Attributes = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """What a span says: its trace, the statement it stands for, the route that it serves."""

    trace_id: str | None
    is_root: bool
    route: str | None
    query: RecordedQuery | None


class _Value(msgspec.Struct, rename="camel"):
    string_value: _Text = None
    int_value: Union[int, str, None] = None  # noqa: UP007
    double_value: Union[float, str, None] = None  # noqa: UP007
    bool_value: Union[bool, None] = None  # noqa: UP007

    def plain(self) -> object:
        """Return the value; None for lists, maps and bytes, which none of our keys has."""
        if self.int_value is not None:
            return int(self.int_value)
        if self.double_value is not None:
            return float(self.double_value)
        return self.bool_value if self.string_value is None else self.string_value


class _Attribute(msgspec.Struct):
    key: str
    value: _Value = msgspec.field(default_factory=_Value)


class _Status(msgspec.Struct):
    code: Union[int, str] = 0  # noqa: UP007
    message: _Text = None


class _ProtocolSpan(msgspec.Struct, rename="camel"):
    trace_id: _Text = None
    parent_span_id: _Text = None
    name: str = ""
    start_time_unix_nano: _Nanoseconds = None
    end_time_unix_nano: _Nanoseconds = None
    attributes: list[_Attribute] = []
    status: _Status = msgspec.field(default_factory=_Status)


class _Scope(msgspec.Struct):
    spans: list[_ProtocolSpan] = []


class _Resource(msgspec.Struct, rename="camel"):
    scope_spans: list[_Scope] = []


class _Document(msgspec.Struct, rename="camel"):
    resource_spans: list[_Resource] = []


class _Context(msgspec.Struct):
    trace_id: str


class _ConsoleStatus(msgspec.Struct):
    status_code: str = "UNSET"
    description: _Text = None


class _ConsoleSpan(msgspec.Struct):
    context: _Context
    name: str = ""
    parent_id: _Text = None
    start_time: _Text = None
    end_time: _Text = None
    status: _ConsoleStatus = msgspec.field(default_factory=_ConsoleStatus)
    attributes: _Attributes = {}


_decode_document = msgspec.json.Decoder(_Document).decode
_decode_console = msgspec.json.Decoder(_ConsoleSpan).decode


def read_spans(text: str) -> list[Span]:
    """Return the spans of one JSON document, of OTLP or of the SDK's ConsoleSpanExporter.

    Raises LineError where it is neither.
    """
    try:
        if '"context"' in text and '"resourceSpans"' not in text:
            return [_of_console(_decode_console(text))]
        document = _decode_document(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise LineError(f"it is no span of OpenTelemetry: {error}") from error
    scopes = (scope for resource in document.resource_spans for scope in resource.scope_spans)
    return [_of_protocol(span) for scope in scopes for span in scope.spans]


def _of_protocol(span: _ProtocolSpan) -> Span:
    attributes = {item.key: item.value.plain() for item in span.attributes}
    started, ended = _whole(span.start_time_unix_nano), _whole(span.end_time_unix_nano)
    failed = span.status.code in _ERROR_CODES
    query = _query(
        attributes,
        error=(span.status.message or "error") if failed else None,
        timestamp=normalise_timestamp(started) if started else None,
        duration_ns=ended - started if started and ended and ended >= started else None,
        trace_id=span.trace_id,
    )
    return Span(span.trace_id, not span.parent_span_id, _route(attributes, span.name), query)


def _of_console(span: _ConsoleSpan) -> Span:
    trace_id = span.context.trace_id.removeprefix("0x")
    failed = span.status.status_code in _ERROR_CODES
    query = _query(
        span.attributes,
        error=(span.status.description or "error") if failed else None,
        timestamp=normalise_timestamp(span.start_time),
        duration_ns=nanoseconds_between(span.start_time, span.end_time),
        trace_id=trace_id,
    )
    return Span(trace_id, span.parent_id is None, _route(span.attributes, span.name), query)


def _query(
    attributes: _Attributes,
    *,
    error: str | None,
    timestamp: str | None,
    duration_ns: int | None,
    trace_id: str | None,
) -> RecordedQuery | None:
    text = _text(attributes, "db.query.text", "db.statement")
    system = _text(attributes, "db.system.name", "db.system")
    if text is None or not says_something(text) or system not in (None, _SQLITE):
        return None
    values = _values(attributes)
    batch = _whole(attributes.get("db.operation.batch.size"))
    count = float(batch) if batch else values.count
    query = RecordedQuery(
        text=text,
        parameters=values.parameters,
        masked=values.masked,
        count=count,
        # A span is of all executions, a recording tells the time of one.
        duration_ns=None if duration_ns is None else round(duration_ns / count),
        rows=_whole(attributes.get("db.response.returned_rows")),
        error=error,
        timestamp=timestamp,
        request_id=trace_id,
        file_path=_text(attributes, "code.file.path", "code.filepath"),
        line_number=_whole(attributes.get("code.line.number", attributes.get("code.lineno"))),
        namespace=_text(attributes, "db.namespace", "db.name"),
    )
    return with_tags(query)


def _values(attributes: _Attributes) -> BoundValues:
    printed = attributes.get("db.statement.parameters")
    if isinstance(printed, str):
        return read_printed(printed)
    given = {key: value for key, value in attributes.items() if is_parameter_key(key)}
    if not given:
        return NO_VALUES
    parameters, masked = read_parameters(given)
    return BoundValues(parameters, masked)


def _route(attributes: _Attributes, name: str) -> str | None:
    method = _text(attributes, "http.request.method", "http.method")
    route = _text(attributes, "http.route")
    if route is None:
        # Without a route the name of a server's span is the method, or what the framework calls it.
        return name if method is not None and name not in ("", method) else None
    return f"{method} {route}" if method else route


def _text(attributes: _Attributes, *names: str) -> str | None:
    values = (attributes.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and value >= 0 else None
