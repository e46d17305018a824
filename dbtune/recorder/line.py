"""Lines of a recording (docs/reference/recording.md), put together by hand for speed."""

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
# What places a statement beside the number of its line.
_PLACE = ("code.file.path", "route", "db.namespace", "dbtune.relationship")


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
        known = self._texts.get(sent.text)
        text, literals = self._text(sent.text) if known is None else known
        parameters = sent.parameters
        values = self._values(parameters, literals) if parameters or literals else ""
        rows = "" if sent.rows is None else f', "rows": {sent.rows}'
        request, transaction = sent.request_id, sent.transaction_id
        request = "" if request is None else f', "request_id": {quote_text(request)}'
        transaction = "" if transaction is None else f', "transaction_id": "{transaction}"'
        if sent.count != 1 or sent.wait_ns is not None or sent.error is not None:
            transaction += self._rare(sent)
        place = sent.line_number, sent.file_path, sent.route, sent.namespace, sent.relationship
        origin = self._origins.get(place)
        if origin is None:
            origin = self._origin(place)
        return (
            f'{text}, "ts": {sent.started_ns}, "duration_ns": {sent.duration_ns}'
            f"{values}{rows}{request}{transaction}{origin}"
        ).encode("ascii")

    def _values(self, parameters: Any, literals: str) -> str:
        shown = ""
        if parameters is not None:
            shown = f', "db.query.parameters": {to_json(parameters, self._code)}'
        digest = self._digest.of(parameters, literals)
        return shown if digest is None else f'{shown}, "dbtune.values_digest": "{digest}"'

    def _rare(self, sent: Sent) -> str:
        line = "" if sent.count == 1 else f', "count": {sent.count}'
        if sent.wait_ns is not None:
            line += f', "wait_ns": {sent.wait_ns}'
        error = sent.error
        if error is not None:
            shown = error if self._settings.params else _masked_error(error, sent)
            line += f', "error": {quote_text(shown)}'
        return line

    def _origin(self, place: tuple[Any, ...]) -> str:
        """Return how a line ends: the keys that most statements have in common with others."""
        number, *names = place
        line = "" if number is None else f', "code.line.number": {number}'
        for key, name in zip(_PLACE, names):
            if name is not None:
                line += f', "{key}": {quote_text(name)}'
        line += "}\n"
        _remember(self._origins, place, line)
        return line

    def _text(self, text: str) -> tuple[str, str]:
        """Return how the line of a text begins, and the literals that are masked in it."""
        shown, literals = (text, "") if self._settings.params else mask_text(text)
        coded = f'{{"db.query.text": {quote_text(shown)}', literals
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
