"""Lines of a recording as docs/recording.md describes them, put together by hand for speed."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from datetime import datetime, timezone
from json.encoder import encode_basestring_ascii

from .masking import mask_error, mask_text
from .recorded_values import code_value, digest_values, mask_value, to_json
from .sent import Sent
from .settings import RecorderSettings

_MOST_TEXTS = 2_000
_LONGEST_KEPT_TEXT = 16_384


class LineEncoder:
    """Makes lines of statements; texts, and what is masked in them, are remembered."""

    def __init__(self, settings: RecorderSettings) -> None:
        self._settings = settings
        self._key = bytes.fromhex(settings.values_key)
        self._code = code_value if settings.params else mask_value
        self._texts: dict[str, tuple[str, str]] = {}

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
        pieces = [f'{{"db.query.text": {text}']
        if sent.parameters is not None:
            pieces.append(f'"db.query.parameters": {to_json(sent.parameters, self._code)}')
        digest = digest_values(sent.parameters, literals, self._key)
        if digest is not None:
            pieces.append(f'"dbtune.values_digest": "{digest}"')
        pieces.append(f'"ts": {sent.started_ns}, "duration_ns": {sent.duration_ns}')
        if sent.rows is not None:
            pieces.append(f'"rows": {sent.rows}')
        if sent.count != 1:
            pieces.append(f'"count": {sent.count}')
        if sent.wait_ns is not None:
            pieces.append(f'"wait_ns": {sent.wait_ns}')
        if sent.line_number is not None:
            pieces.append(f'"code.line.number": {sent.line_number}')
        error = sent.error
        if error is not None and not self._settings.params:
            error = mask_error(error, sent.text)
        for name, value in (
            ("code.file.path", sent.file_path),
            ("request_id", sent.request_id),
            ("route", sent.route),
            ("transaction_id", sent.transaction_id),
            ("db.namespace", sent.namespace),
            ("dbtune.relationship", sent.relationship),
            ("error", error),
        ):
            if value is not None:
                pieces.append(f'"{name}": {_quote(value)}')
        return (", ".join(pieces) + "}\n").encode()

    def _text(self, text: str) -> tuple[str, str]:
        known: tuple[str, str] | None = self._texts.get(text)
        if known is not None:
            return known
        shown, literals = (text, "") if self._settings.params else mask_text(text)
        coded = _quote(shown), literals
        if len(text) <= _LONGEST_KEPT_TEXT:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            self._texts[text] = coded
        return coded


def _quote(text: str) -> str:
    # Half a surrogate pair is no character, and readers refuse its line.
    return encode_basestring_ascii(text.encode("utf-8", "replace").decode())
