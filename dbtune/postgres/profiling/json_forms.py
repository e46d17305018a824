"""Whether a text is JSON, and whether jsonb keeps all of it."""

from __future__ import annotations

import json
import re
from typing import Any

# jsonb is held in memory whole, and an object or array in it takes 256 MB at most.
_LONGEST_BYTES = 200_000_000
# A number of more digits than numeric has: 131,072 before and 16,383 after the point.
_MOST_DIGITS = 16_383
_EXPONENT = re.compile(r"[eE]([+-]?\d+)\Z")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


class _NoJson(ValueError):
    """A text that only Python takes for JSON."""


class _Findings:
    """What the parser met that jsonb would lose or refuse."""

    def __init__(self) -> None:
        self.duplicate_keys = False
        self.unfit = False

    def object(self, pairs: list[tuple[str, Any]]) -> None:
        """Note a key that comes twice; nothing of the object is kept."""
        if len({key for key, _ in pairs}) != len(pairs):
            self.duplicate_keys = True

    def number(self, text: str) -> None:
        """Note a number that numeric cannot hold, or whose sign it loses."""
        if len(text) < 17 and text.lower().find("e") < 0:
            self.unfit |= text.startswith("-") and not text.strip("-0.")
            return
        self.unfit |= not _fits_numeric(text)


def json_form(value: bytes) -> str | None:
    """Return "json", "json-duplicate-keys" or "json-unfit", None for what is no JSON.

    Unfit for jsonb are U+0000 and half surrogate pairs written as escapes, and numbers that
    numeric does not hold. Nesting deeper than Python follows counts as no JSON: such a text is
    safe as text. Source: https://www.postgresql.org/docs/15/datatype-json.html
    """
    findings = _Findings()
    try:
        text = value.decode()
        json.loads(
            text,
            object_pairs_hook=findings.object,
            parse_int=findings.number,
            parse_float=findings.number,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    if findings.unfit or len(value) > _LONGEST_BYTES or _has_unfit_escape(text):
        return "json-unfit"
    return "json-duplicate-keys" if findings.duplicate_keys else "json"


def _refuse(constant: str) -> None:
    raise _NoJson(constant)  # NaN and Infinity


def _fits_numeric(text: str) -> bool:
    exponent = _EXPONENT.search(text)
    power = int(exponent[1][:12]) if exponent else 0
    digits = text[: exponent.start()] if exponent else text
    if digits.startswith("-") and not digits.strip("-0."):
        return False
    return len(digits) + abs(power) < _MOST_DIGITS


def _has_unfit_escape(text: str) -> bool:
    """Return whether an escape is U+0000 or half of a surrogate pair."""
    if "\\u" not in text:
        return False
    end_of_high = -1
    for match in _ESCAPE.finditer(text):
        code = int(match[1], 16) if match[1] else None
        if end_of_high >= 0:
            if code is None or not 0xDC00 <= code <= 0xDFFF or match.start() != end_of_high:
                return True
            end_of_high = -1
        elif code is not None and (code == 0 or 0xDC00 <= code <= 0xDFFF):
            return True
        elif code is not None and 0xD800 <= code <= 0xDBFF:
            end_of_high = match.end()
    return end_of_high >= 0
