"""Values as Python's repr() prints them into logs and spans."""

from __future__ import annotations

import ast
import math
import warnings
from dataclasses import dataclass

from dbtune.model.workload import Parameters, SqlValue

# Python's parser takes some hundred bytes of memory for each character.
_LONGEST_PRINTED = 1 << 20
# Where SQLAlchemy leaves out a part of a long value, of many values or of many sets of them.
_CUT_OUT = (
    " characters truncated) ... ",
    " parameters truncated ... ",
    " total bound parameter sets",
)


@dataclass(frozen=True)
class BoundValues:
    """What was bound: None with `masked` where it cannot be told; `count` sets of values."""

    parameters: Parameters = None
    masked: bool = False
    count: float = 1.0


NO_VALUES = BoundValues()
_MASKED = BoundValues(masked=True)


def read_printed(text: str) -> BoundValues:
    """Return the values of a printed tuple or dict, or the first of a list of them.

    What is no literal, or was shortened when it was printed, is masked.
    """
    text = text.strip()
    if text in ("", "()", "{}", "[]", "None"):
        return NO_VALUES
    if any(mark in text for mark in _CUT_OUT):
        return BoundValues(masked=True, count=_sets_displayed(text))
    if len(text) > _LONGEST_PRINTED:
        return _MASKED
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _MASKED
    return _of_literal(given)


def _of_literal(given: object) -> BoundValues:
    if isinstance(given, list) and given and all(isinstance(one, (tuple, dict)) for one in given):
        return BoundValues(*_bindable(given[0]), count=float(len(given)))
    return BoundValues(*_bindable(given))


def _bindable(given: object) -> tuple[Parameters, bool]:
    if isinstance(given, dict):
        named = {str(key): _value(value) for key, value in given.items()}
        plain = {key: value for key, value in named.items() if not isinstance(value, _Unfit)}
        return (plain, False) if len(plain) == len(named) else (None, True)
    if not isinstance(given, (tuple, list)):
        return None, True
    values = tuple(map(_value, given))
    fit = tuple(value for value in values if not isinstance(value, _Unfit))
    return (fit, False) if len(fit) == len(values) else (None, True)


class _Unfit:
    """Stands for what SQLite cannot bind."""


_UNFIT = _Unfit()


def _value(value: object) -> SqlValue | _Unfit:
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else _UNFIT
    if isinstance(value, float):
        return value if math.isfinite(value) else _UNFIT
    return value if value is None or isinstance(value, (str, bytes)) else _UNFIT


def _sets_displayed(text: str) -> float:
    """Return the sets of `... displaying 10 of 1000 total bound parameter sets ...`, 1 for none."""
    words = text.partition(_CUT_OUT[-1])[0].rsplit(" ", 1)
    return float(words[-1]) if _CUT_OUT[-1] in text and words[-1].isdigit() else 1.0
