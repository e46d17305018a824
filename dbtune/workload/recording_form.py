"""What a recording is written in, told by its name and its first lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from dbtune.errors import ConfigurationError
from dbtune.workload.batch import RecordingReader
from dbtune.workload.importers.django_log import DjangoLines, find_django_log
from dbtune.workload.importers.opentelemetry import SpanLines
from dbtune.workload.importers.sqlalchemy_echo import EchoLines, find_echo
from dbtune.workload.jsonl_lines import JsonlLines
from dbtune.workload.sql_lines import SqlLines

RecordingForm = Literal["jsonl", "sql", "opentelemetry", "sqlalchemy-echo", "django-log"]

FORMS: dict[str, RecordingForm] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".sql": "sql"}
_FORMAT_HINT = (
    "give a recording of dbtune record, a .sql file, or a log named in dbtune help recording-format"
)
# What the first bytes say a file is, and what to do about it.
_NOT_TEXT = (
    (b"SQLite format 3\0", "a SQLite database, not a recording", _FORMAT_HINT),
    (
        b"\x1f\x8b",
        "compressed with gzip",
        "decompress it, or pipe it: gunzip -c FILE | dbtune ... -",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed with zstd",
        "decompress it, or pipe it: zstdcat FILE | dbtune ... -",
    ),
    (b"PK\x03\x04", "a ZIP archive", "unpack it and give the files in it"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
# Latin-1 text and a few stray bytes stay below, machine code and images far above.
_BINARY_RATIO = 0.2
# How a document of the collector begins, and a span that the Python SDK printed.
_SPANS = re.compile(
    r'\{\s*"(?:resourceSpans"\s*:|name"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*"context"\s*:\s*\{)'
)

_DOCUMENT = re.compile(r'\{\s*"schema_version"\s*:.*\s*"dbtune_version"\s*:')


def reader_of(form: RecordingForm) -> RecordingReader:
    """Return a new reader for a form."""
    if form == "jsonl":
        return JsonlLines()
    if form == "sql":
        return SqlLines()
    if form == "opentelemetry":
        return SpanLines()
    return EchoLines() if form == "sqlalchemy-echo" else DjangoLines()


def tell_form(head: bytes, name: str, path: Path | None) -> RecordingForm:
    """Return what a file that begins so holds; `name` is what messages call it.

    Raises ConfigurationError for what is no text, and for a JSON array.
    """
    for magic, what, hint in _NOT_TEXT:
        if head.startswith(magic):
            raise ConfigurationError(f"{name} is {what}", hint=hint)
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n\f")
    if len(_CONTROL.findall(text)) > len(text) * _BINARY_RATIO:
        raise ConfigurationError(f"{name} is a binary file", hint=_FORMAT_HINT)
    form = FORMS.get(path.suffix.lower()) if path else None
    if form == "sql":
        return form
    if _SPANS.match(text):
        return "opentelemetry"
    if _DOCUMENT.match(text):
        raise ConfigurationError(
            f"{name} is a report of dbtune's, not a recording", hint=_FORMAT_HINT
        )
    if text[:1] == "[" and not (find_echo(text) or find_django_log(text)):
        raise ConfigurationError(
            f"{name} is a JSON array",
            hint="write one JSON object a line: jq -c '.[]' FILE > FILE.jsonl",
        )
    if form is None and text[:1] != "{":
        return _form_of_log(text) or "sql"
    return form or "jsonl"


def _form_of_log(text: str) -> RecordingForm | None:
    if find_echo(text):
        return "sqlalchemy-echo"
    return "django-log" if find_django_log(text) else None
