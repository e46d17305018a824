"""Which texts are dates and times of ISO 8601, as PostgreSQL takes them without loss.

A batch goes by its shapes: every digit as 0 leaves few different texts, and where all values of a
batch have one shape, a field is a slice of the joined values with a step. Conditions on the digits
of all values at once are integers with a byte for each value, 1 where the condition holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import Any

from dbtune.model.transfer import OTHER_SHAPE
from dbtune.postgres.profiling.digit_columns import all_among, as_selectors, where_among
from dbtune.postgres.profiling.value_forms import FormTally

_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_SHAPE = re.compile(
    rb"(?P<date>0000-00-00)?(?P<gap>[ T])?(?P<time>00:00(?P<seconds>:00(?:\.(?P<fraction>0+))?)?)?"
    rb"(?P<zone> ?(?:Z|(?P<offset>[+-]00(?::?00)?)(?: UTC)?))?\Z"
)
_TO_FIVE = b"012345"
_day_of = itemgetter(slice(10))
_MICROSECOND_DIGITS = 6
_LONGEST_SHAPE = 60
# What an offset may move out of the years that dates have.
_FIRST_DAY, _LAST_DAY = b"0001-01-01", b"9999-12-31"
# 200 years of days take 15 MB.
_MOST_KNOWN_DAYS = 73_000
_known_days: set[bytes] = set()
_EDGES = {_FIRST_DAY, _LAST_DAY}
# https://www.postgresql.org/docs/15/datatype-datetime.html: offsets end before 16 hours.
_LARGEST_OFFSET_HOURS = 15


@dataclass(frozen=True)
class DateShape:
    """Where the fields of a text stand. `form` is "date", "datetime", "datetime-offset", "time"."""

    form: str
    time_at: int | None
    has_seconds: bool
    excess_from: int | None
    excess_to: int
    offset_at: int | None


class DateClassifier:
    """Tallies the forms of dates and times, and "subsecond": lost digits after the sixth."""

    def __init__(self) -> None:
        self.shapes: set[bytes] = set()

    def __call__(self, values: Sequence[bytes], tally: FormTally) -> None:
        """Tally the texts of a batch."""
        joined = b"\n".join(values)
        masked = joined.translate(_DIGITS_TO_ZERO)
        shape = values[0].translate(_DIGITS_TO_ZERO)
        if b"\n" not in shape and masked == b"\n".join([shape] * len(values)):
            self.shapes.add(shape)
            _tally_shape(shape, values, joined, len(shape) + 1, tally)
            return
        shapes = masked.split(b"\n")
        if len(shapes) != len(values):  # a value has a line end in it
            shapes = [value.translate(_DIGITS_TO_ZERO) for value in values]
        groups: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for shape, value in zip(shapes, values, strict=True):
            groups[shape].append(value)
        self.shapes |= groups.keys()
        for shape, group in groups.items():
            _tally_shape(shape, group, b"".join(group), len(shape), tally)

    def add_fixed(self, joined: bytes, width: int, tally: FormTally) -> None:
        """Tally texts of one length, not 0, given without anything between them."""
        masked = joined.translate(_DIGITS_TO_ZERO)
        shape, values = masked[:width], FixedTexts(joined, width)
        fields = date_shape(shape)
        if masked != shape * len(values) or (fields is not None and fields.offset_at is not None):
            self(list(values), tally)
            return
        self.shapes.add(shape)
        _tally_shape(shape, values, joined, width, tally)


class FixedTexts(Sequence[bytes]):
    """Texts of one length, cut out of the bytes of all of them when one is asked for."""

    def __init__(self, joined: bytes, width: int) -> None:
        self._joined = joined
        self._width = width

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._joined) // self._width

    def __getitem__(self, place: Any) -> Any:
        """Return the text at a place that is not negative."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._joined[place * self._width : (place + 1) * self._width]


def _tally_shape(
    shape: bytes, values: Sequence[bytes], joined: bytes, step: int, tally: FormTally
) -> None:
    """Tally values of one shape; in `joined` they begin every `step` bytes."""
    if not shape:
        tally.add("empty", len(values), b"")
        return
    fields = date_shape(shape)
    if fields is None:
        _tally_other(shape, values, tally)
        return
    if not _fields_fit(fields, values, joined, step):
        good = []
        for value in values:
            if _fields_fit(fields, (value,), value, step):
                good.append(value)
            else:
                _tally_other(shape, (value,), tally)
        if not good:
            return
        values, joined, step = good, b"".join(good), len(shape)
    tally.add(fields.form, len(values), values[0])
    _tally_excess(fields, values, joined, step, tally)


def _tally_other(shape: bytes, values: Sequence[bytes], tally: FormTally) -> None:
    """Tally what is no date, and an example of each of the first shapes apart."""
    tally.add("other", len(values), values[0])
    form = OTHER_SHAPE + shape.decode("latin-1")
    if len(shape) <= _LONGEST_SHAPE and (
        form in tally.counts or sum(name.startswith(OTHER_SHAPE) for name in tally.counts) < 5
    ):
        tally.add(form, len(values), values[0])


def _tally_excess(
    fields: DateShape, values: Sequence[bytes], joined: bytes, step: int, tally: FormTally
) -> None:
    """Tally digits of a second after the sixth that are not 0."""
    if fields.excess_from is None:
        return
    columns = (joined[at::step] for at in range(fields.excess_from, fields.excess_to))
    if all(not column.strip(b"0") for column in columns):
        return
    for value in values:
        if value[fields.excess_from : fields.excess_to].strip(b"0"):
            tally.add("subsecond", 1, value)


@lru_cache(maxsize=10_000)
def date_shape(shape: bytes) -> DateShape | None:
    """Return the fields of a shape such as 0000-00-00T00:00Z, None for no date or time."""
    if len(shape) > _LONGEST_SHAPE:
        return None
    match = _SHAPE.match(shape)
    if match is None or (match["date"] is None and match["time"] is None):
        return None
    has_date, has_time, has_zone = (match[name] is not None for name in ("date", "time", "zone"))
    if (match["gap"] is not None) != (has_date and has_time) or (has_zone and not has_time):
        return None
    if has_zone and not has_date:
        return None
    fraction = match.span("fraction")
    excess = fraction[1] - fraction[0] > _MICROSECOND_DIGITS
    return DateShape(
        form=_form(has_date, has_time, has_zone),
        time_at=match.start("time") if has_time else None,
        has_seconds=match["seconds"] is not None,
        excess_from=fraction[0] + _MICROSECOND_DIGITS if excess else None,
        excess_to=fraction[1],
        offset_at=match.start("offset") if match["offset"] is not None else None,
    )


def _form(has_date: bool, has_time: bool, has_zone: bool) -> str:
    if not has_date:
        return "time"
    if not has_time:
        return "date"
    return "datetime-offset" if has_zone else "datetime"


def _fields_fit(fields: DateShape, values: Sequence[bytes], joined: bytes, step: int) -> bool:
    """Return whether all values are moments that exist."""
    time_at = fields.time_at
    if time_at is not None and not _clock_fits(joined, time_at, step, fields.has_seconds):
        return False
    if fields.form == "time":
        return True
    days = _uncertain_days(values, joined, step)
    if not _are_days(days):
        return False
    if fields.offset_at is None:
        return True
    offsets = set(map(itemgetter(slice(fields.offset_at, None)), values))
    if not all(_is_offset(offset) for offset in offsets):
        return False
    return not (days & _EDGES and any(_leaves_years(fields, value) for value in values))


def _clock_fits(joined: bytes, at: int, step: int, has_seconds: bool) -> bool:
    hour, unit = joined[at::step], joined[at + 1 :: step]
    if not all_among(hour, b"012") or where_among(hour, b"2") & where_among(unit, b"456789"):
        return False
    if not all_among(joined[at + 3 :: step], _TO_FIVE):
        return False
    return not has_seconds or all_among(joined[at + 6 :: step], _TO_FIVE)


def _uncertain_days(values: Sequence[bytes], joined: bytes, step: int) -> set[bytes]:
    """Return the days of those values that may not exist, and of those in the first or last year.

    All others are from 1 to 28 of a month from 1 to 12, in the years from 1000 to 8999.
    """
    month, month_unit = joined[5::step], joined[6::step]
    day, day_unit = joined[8::step], joined[9::step]
    wrong = (
        where_among(month, b"0") & where_among(month_unit, b"0")
        | where_among(month, b"1") & where_among(month_unit, b"3456789")
        | where_among(day, b"0") & where_among(day_unit, b"0")
    )
    if wrong or not (all_among(month, b"01") and all_among(joined[::step], b"12345678")):
        return set(map(_day_of, values))
    late = where_among(day, b"3456789") | where_among(day, b"2") & where_among(day_unit, b"9")
    places = compress(range(len(values)), as_selectors(late, len(values)))
    return set(map(_day_of, map(values.__getitem__, places)))


def _are_days(days: set[bytes]) -> bool:
    """Return whether all are days; those seen before are known by one comparison of sets."""
    new = days - _known_days
    if not all(map(_is_day, new)):
        return False
    if len(_known_days) < _MOST_KNOWN_DAYS:
        _known_days.update(new)
    return True


def _is_day(text: bytes) -> bool:
    """Return whether YYYY-MM-DD is a day of the calendar from year 1 on."""
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=10_000)
def _is_offset(text: bytes) -> bool:
    """Return whether PostgreSQL takes +HH, +HHMM and +HH:MM; Go's " UTC" follows a zero offset."""
    digits = text[1:].replace(b":", b"").removesuffix(b" UTC")
    if text.endswith(b" UTC"):
        return not digits.strip(b"0")
    minutes = digits[2:] or b"0"
    return int(digits[:2]) <= _LARGEST_OFFSET_HOURS and int(minutes) <= 59


def _leaves_years(fields: DateShape, value: bytes) -> bool:
    """Return whether the instant in UTC may lie before year 1 or after year 9999."""
    offset = value[fields.offset_at :]
    if not offset.strip(b"+-0: UTC"):
        return False
    outward = (_FIRST_DAY, b"+") if value.startswith(_FIRST_DAY) else (_LAST_DAY, b"-")
    return value.startswith(outward[0]) and offset.startswith(outward[1])
