"""Whether all values of a column fit a type that somebody else chose, and how they get there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtune.model.transfer import Conversion
from dbtune.postgres.column_types.date_types import (
    DATE,
    EPOCHS,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    cocoa_fits,
    epoch_of,
    numbers_within,
)
from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.number_types import digits_fit
from dbtune.postgres.column_types.text_types import is_uuid
from dbtune.postgres.column_types.type_names import TypeName

_INTEGER_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
# Years 1 and 9999 since 1970.
_EPOCH_SECONDS = (-62_135_596_800, 253_402_300_799)
_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_TO_TEXT = frozenset({"text", "varchar", "citext"})


@dataclass(frozen=True)
class Fit:
    """How values get into a type: its DDL and the conversion, or why they do not (`misfit`)."""

    pg_type: str
    conversion: Conversion = "text"
    misfit: str = ""


def fit_type(held: HeldValues, wanted: TypeName) -> Fit:
    """Return how a column's values become a type, or why not all do. Nothing is cut or rounded."""
    name = wanted.name
    if name in _INTEGER_BITS:
        return _fit(wanted, "integer", _integer_misfit(held, _INTEGER_BITS[name]))
    if name in _PER_SECOND:
        return Fit(TIMESTAMPTZ, _epoch(name), _epoch_misfit(held, name))
    if name == "cocoa":
        misfit = "" if cocoa_fits(held) else "not all values are seconds within years 1 to 9999"
        return Fit(TIMESTAMPTZ, "cocoa", misfit)
    if name in _TO_TEXT:
        return _fit(wanted, "text", _text_misfit(held, wanted))
    if name in {TIMESTAMP, TIMESTAMPTZ} and held.classes and held.only("integer"):
        return _epoch_timestamp(held, wanted)
    conversion, find_misfit = _MISFITS[name]
    return _fit(wanted, conversion, find_misfit(held, wanted))


def _fit(wanted: TypeName, conversion: Conversion, misfit: str) -> Fit:
    return Fit(wanted.text, conversion, misfit)


def _epoch(name: str) -> Conversion:
    return next(epoch.conversion for epoch in EPOCHS if epoch.conversion == name)


def _integer_misfit(held: HeldValues, bits: int) -> str:
    if not held.only("integer"):
        return f"it holds {held.description}"
    largest = 2 ** (bits - 1) - 1
    if not held.integers or held.integers_within(-largest - 1, largest):
        return ""
    low, high = held.profile.integer_min, held.profile.integer_max
    return f"its integers go from {low} to {high}"


def _double_misfit(held: HeldValues, wanted: TypeName) -> str:
    if not held.only("integer", "real"):
        return f"it holds {held.description}"
    return "" if held.integers_exact_as_double else "it holds integers beyond 2^53"


def _real_misfit(held: HeldValues, wanted: TypeName) -> str:
    return "real keeps six digits of a number, and double precision all" if held.classes else ""


def _numeric_misfit(held: HeldValues, wanted: TypeName) -> str:
    if not held.only("integer", "real", "text"):
        return f"it holds {held.description}"
    if held.texts and not held.all_texts("integer", "decimal"):
        return _odd_example(held, "not all its texts are numbers", "numbers")
    if held.count("negative-zero"):
        return "it holds -0.0, and numeric has no negative zero"
    if not wanted.arguments:
        return ""
    if held.count("infinity"):
        return "it holds Infinity, which only numeric without digits has"
    scale = wanted.arguments[1] if len(wanted.arguments) > 1 else 0
    if digits_fit(held, wanted.arguments[0], scale):
        return ""
    if not held.profile.decimals_measured:
        return "the digits of its numbers were not counted"
    before, after = held.profile.decimal_integer_digits, held.profile.decimal_scale
    return f"it holds numbers of {before} digits before and {after} after the point"


def _boolean_misfit(held: HeldValues, wanted: TypeName) -> str:
    integers_fit = not held.integers or held.integers_within(0, 1)
    texts_fit = not held.texts or held.all_texts("true-false")
    if held.only("integer", "text") and integers_fit and texts_fit:
        return ""
    odd = held.profile.form("not-boolean")
    return f"it holds {example_words(odd)}" if odd else f"it holds {held.description}"


def _text_misfit(held: HeldValues, wanted: TypeName) -> str:
    if held.blobs and held.count("blob-text") != held.blobs:
        return f"it holds {held.description}"
    if wanted.arguments and held.profile.longest_characters > wanted.arguments[0]:
        return f"it holds a text of {held.profile.longest_characters:,} characters"
    return ""


def _bytes_misfit(held: HeldValues, wanted: TypeName) -> str:
    return ""


def _date_misfit(held: HeldValues, wanted: TypeName) -> str:
    return _form_misfit(held, "YYYY-MM-DD", "date")


def _time_misfit(held: HeldValues, wanted: TypeName) -> str:
    return _form_misfit(held, "HH:MM[:SS]", "time") or _precision_misfit(held, wanted)


def _timestamp_misfit(held: HeldValues, wanted: TypeName) -> str:
    misfit = _form_misfit(held, "ISO dates and times without offset", "date", "datetime")
    return misfit or _precision_misfit(held, wanted)


def _timestamptz_misfit(held: HeldValues, wanted: TypeName) -> str:
    forms = ("date", "datetime", "datetime-offset")
    return _form_misfit(held, "ISO dates and times", *forms) or _precision_misfit(held, wanted)


def _uuid_misfit(held: HeldValues, wanted: TypeName) -> str:
    return "" if is_uuid(held) else f"it holds {held.description}, not all of them UUIDs"


def _json_misfit(held: HeldValues, wanted: TypeName) -> str:
    if not held.only("text", "integer", "real") or held.count("infinity"):
        return f"it holds {held.description}"
    forms = ("json",) if wanted.name == "jsonb" else ("json", "json-duplicate-keys", "json-unfit")
    if not held.texts or held.all_texts(*forms):
        return ""
    return _odd_example(held, f"not all its texts are JSON that {wanted.name} keeps", "json")


def _form_misfit(held: HeldValues, words: str, *forms: str) -> str:
    if not held.classes or (held.only("text") and held.all_texts(*forms)):
        return ""
    if not held.only("text"):
        return f"it holds {held.description}"
    return _odd_example(held, f"not all its texts are {words}", "dates")


def _odd_example(held: HeldValues, words: str, kind: str) -> str:
    profile = held.profile
    odd = profile.form(f"other {kind}") or profile.form("other") or profile.form("empty")
    return f"{words} ({example_words(odd)})" if odd else words


def _precision_misfit(held: HeldValues, wanted: TypeName) -> str:
    """Return why a timestamp(p) is too coarse; seven digits are cut to six, with a warning."""
    precision = wanted.arguments[0] if wanted.arguments else 6
    if precision >= 6 or not held.texts:
        return ""
    digits = _fraction_digits(held.profile.shapes)
    if digits is not None and digits <= precision:
        return ""
    return f"it holds fractions of a second of more than {precision} digits"


def _fraction_digits(shapes: tuple[str, ...]) -> int | None:
    """Return the most fraction digits of times, None where their shapes are not known."""
    if not shapes:
        return None
    fractions = (shape.partition(".")[2] for shape in shapes)
    return max(len(fraction) - len(fraction.lstrip("0")) for fraction in fractions)


def _epoch_misfit(held: HeldValues, name: str) -> str:
    low, high = (bound * _PER_SECOND[name] for bound in _EPOCH_SECONDS)
    storage = ("integer", "real") if name == "epoch_s" else ("integer",)
    if held.only(*storage) and numbers_within(held, low, high):
        return ""
    if held.only(*storage):
        return "its numbers go beyond the years 1 to 9999"
    return f"it holds {held.description}"


def _epoch_timestamp(held: HeldValues, wanted: TypeName) -> Fit:
    epoch = epoch_of(held)
    if epoch is None:
        misfit = "its integers may count from any time: epoch_s, epoch_ms or epoch_us says which"
        return Fit(wanted.text, "epoch_s", misfit)
    return Fit(wanted.text, epoch.conversion, _epoch_precision_misfit(epoch.conversion, wanted))


def _epoch_precision_misfit(conversion: Conversion, wanted: TypeName) -> str:
    needed = {"epoch_s": 0, "epoch_ms": 3, "epoch_us": 6}[conversion]
    precision = wanted.arguments[0] if wanted.arguments else 6
    return "" if precision >= needed else f"its fractions of a second have {needed} digits"


_MISFITS: dict[str, tuple[Conversion, Callable[[HeldValues, TypeName], str]]] = {
    "double precision": ("double", _double_misfit),
    "real": ("double", _real_misfit),
    "numeric": ("decimal", _numeric_misfit),
    "boolean": ("boolean", _boolean_misfit),
    "bytea": ("bytes", _bytes_misfit),
    TIMESTAMP: ("timestamp", _timestamp_misfit),
    TIMESTAMPTZ: ("timestamptz", _timestamptz_misfit),
    DATE: ("date", _date_misfit),
    TIME: ("time", _time_misfit),
    "uuid": ("uuid", _uuid_misfit),
    "json": ("json", _json_misfit),
    "jsonb": ("jsonb", _json_misfit),
}
