"""What texts look like: numbers, truth values, UUIDs, JSON, dates; for many values at once.

Each classifier tallies the texts of a batch, of which there is at least one. Common cases go by
joining, translating and sets, at the speed of C.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from dbtune.postgres.profiling.decimal_digits import digits_of
from dbtune.postgres.profiling.json_forms import json_form


@dataclass
class FormTally:
    """Counts of forms with the first example of each; filled while a column is read."""

    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[str, bytes] = field(default_factory=dict)
    # What "other" is called: several classifiers of one column mean different things by it.
    other: str = "other"

    def add(self, form: str, count: int, example: bytes) -> None:
        """Count values of a form."""
        if count:
            form = self.other if form == "other" else form
            self.counts[form] += count
            self.examples.setdefault(form, example)


Classifier = Callable[[Sequence[bytes], FormTally], None]

_TRUE_FALSE = frozenset((b"0", b"1", b"t", b"f", b"true", b"false"))
_NUMBER_BYTES = re.compile(rb"[0-9+\-.eE]+\Z")
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")
_INTEGER = re.compile(rb"(?:0|-?[1-9][0-9]{0,18})\Z")
_HEX_SHAPE = bytes.maketrans(b"123456789abcdefABCDEF", b"0" * 21)
_UUID_SHAPE = b"00000000-0000-0000-0000-000000000000"
_HEX32_SHAPE = b"0" * 32


def classify_true_false(values: Sequence[bytes], tally: FormTally) -> None:
    """Tally 0, 1, t, f, true and false in any case."""
    if {value.lower() for value in set(values)} <= _TRUE_FALSE:
        tally.add("true-false", len(values), values[0])
        return
    tally_each(values, lambda v: "true-false" if v.lower() in _TRUE_FALSE else None, tally)


class NumberClassifier:
    """Tallies integers of 64 bits as SQLite writes them ("integer"), other numbers ("decimal").

    `before` and `after` are the most digits before and after the point.
    """

    def __init__(self) -> None:
        self.before = 0
        self.after = 0

    def __call__(self, values: Sequence[bytes], tally: FormTally) -> None:
        """Tally the texts of a batch."""
        tally_each(values, self._form, tally)

    def _form(self, value: bytes) -> str | None:
        form = number_form(value)
        if form is not None:
            before, after = digits_of(value.decode())
            self.before, self.after = max(self.before, before), max(self.after, after)
        return form


def classify_uuids(values: Sequence[bytes], tally: FormTally) -> None:
    """Tally UUIDs of 36 characters and 32 hexadecimal digits."""
    shapes = set(b"\n".join(values).translate(_HEX_SHAPE).split(b"\n"))
    if shapes == {_UUID_SHAPE}:
        tally.add("uuid", len(values), values[0])
    elif shapes == {_HEX32_SHAPE}:
        tally.add("hex32", len(values), values[0])
    else:
        tally_each(values, _uuid_form, tally)


def classify_json(values: Sequence[bytes], tally: FormTally) -> None:
    """Tally JSON: what jsonb keeps, what only json keeps, and what is none."""
    tally_each(values, json_form, tally)


def tally_each(
    values: Iterable[bytes], form_of: Callable[[bytes], str | None], tally: FormTally
) -> None:
    """Tally values one by one: '' and what has no form as "empty" and "other"."""
    for value in values:
        tally.add(form_of(value) or ("other" if value else "empty"), 1, value)


def number_form(value: bytes) -> str | None:
    """Return "integer" or "decimal", None for a text that is no number."""
    if not _NUMBER_BYTES.match(value) or not _DECIMAL.match(value):
        return None
    if _INTEGER.match(value) and -(2**63) <= int(value) < 2**63:
        return "integer"
    return "decimal"


def _uuid_form(value: bytes) -> str | None:
    shape = value.translate(_HEX_SHAPE)
    return {_UUID_SHAPE: "uuid", _HEX32_SHAPE: "hex32"}.get(shape)
