"""Lines of a recording as docs/recording.md describes them, put together by hand for speed."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from datetime import datetime, timezone
from typing import Any

from .masking import mask_error, mask_text
from .recorded_values import ValuesDigest, code_value, mask_value, quote_text, to_json
from .sent import Sent
from .settings import RecorderSettings

_MOST_KNOWN = 2_000
_LONGEST_KEPT_TEXT = 16_384


class LineEncoder:
    """Makes lines of statements; texts, and what is masked in them, are remembered."""

    def __init__(self, settings: RecorderSettings) -> None:
        self._settings = settings
        self._digest = ValuesDigest(bytes.fromhex(settings.values_key))
        self._code = code_value if settings.params else mask_value
        self._texts: dict[str, tuple[str, str]] = {}
        self._origins: dict[tuple[object, ...], str] = {}

    def header(self) -> bytes:
        """Return the line that a process begins with."""
        fields = {
            "dbtune.recording": 1,
            "sqlite_version": sqlite3.sqlite_version,
            "sample_rate": self._settings.sample_rate,
            "started_at": datetime.now(timezone.utc).isoformat(),
            "pid": os.getpid(),
            "python_version": platform.python_version(),
            "generator": "dbtune record",
        }
        return json.dumps(fields).encode() + b"\n"

    def dropped(self, count: int) -> bytes:
        """Return the line that tells how many statements were not written."""
        return b'{"dbtune.dropped": %d}\n' % count

    def line(self, sent: Sent) -> bytes:
        """Return the line of a statement."""
        text, literals = self._text(sent.text)
        line = (
            f'{{"db.query.text": {text}, "ts": {sent.started_ns}, "duration_ns": {sent.duration_ns}'
        )
        parameters = sent.parameters
        if parameters is not None:
            line += f', "db.query.parameters": {to_json(parameters, self._code)}'
        digest = self._digest.of(parameters, literals)
        if digest is not None:
            line += f', "dbtune.values_digest": "{digest}"'
        if sent.rows is not None:
            line += f', "rows": {sent.rows}'
        if sent.request_id is not None:
            line += f', "request_id": {quote_text(sent.request_id)}'
        if sent.transaction_id is not None:
            line += f', "transaction_id": {quote_text(sent.transaction_id)}'
        if sent.count != 1 or sent.wait_ns is not None or sent.error is not None:
            line += self._rare(sent)
        return f"{line}{self._origin(sent)}}}\n".encode("ascii")

    def _rare(self, sent: Sent) -> str:
        line = "" if sent.count == 1 else f', "count": {sent.count}'
        if sent.wait_ns is not None:
            line += f', "wait_ns": {sent.wait_ns}'
        error = sent.error
        if error is not None:
            shown = error if self._settings.params else _masked_error(error, sent)
            line += f', "error": {quote_text(shown)}'
        return line

    def _origin(self, sent: Sent) -> str:
        """Return the keys that most statements have in common with one before them."""
        place = sent.file_path, sent.line_number, sent.route, sent.namespace, sent.relationship
        known = self._origins.get(place)
        if known is not None:
            return known
        line = "" if sent.line_number is None else f', "code.line.number": {sent.line_number}'
        for name, value in (
            ("code.file.path", sent.file_path),
            ("route", sent.route),
            ("db.namespace", sent.namespace),
            ("dbtune.relationship", sent.relationship),
        ):
            if value is not None:
                line += f', "{name}": {quote_text(value)}'
        _remember(self._origins, place, line)
        return line

    def _text(self, text: str) -> tuple[str, str]:
        known = self._texts.get(text)
        if known is not None:
            return known
        shown, literals = (text, "") if self._settings.params else mask_text(text)
        coded = quote_text(shown), literals
        if len(text) <= _LONGEST_KEPT_TEXT:
            _remember(self._texts, text, coded)
        return coded


def _masked_error(error: str, sent: Sent) -> str:
    given = sent.parameters or ()
    return mask_error(error, sent.text, given.values() if isinstance(given, dict) else given)


def _remember(known: dict[Any, Any], key: object, value: object) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = value
