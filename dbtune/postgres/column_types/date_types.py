"""Types of columns that are declared as dates and times."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.model.transfer import OTHER_SHAPE, Conversion, FormCount
from dbtune.postgres.column_types.data_types import type_from_data, widened
from dbtune.postgres.column_types.declared_type import Family
from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.type_nouns import Choice, Notice

TIMESTAMP = "timestamp without time zone"
TIMESTAMPTZ = "timestamp with time zone"
DATE = "date"
TIME = "time without time zone"


@dataclass(frozen=True)
class DateRules:
    """How dates are read: `naive_is_utc` as Django writes them, `core_data` counts from 2001."""

    subsecond_text: bool = False
    naive_is_utc: bool = False
    core_data: bool = False
    convert_cocoa: bool = False


@dataclass(frozen=True)
class Epoch:
    """A unit of integers since 1970, and between which bounds they are taken for it."""

    conversion: Conversion
    words: str
    low: int
    high: int


# Seconds from 1973 to 2286, and the same stretch in finer units. Smaller numbers may be anything.
EPOCHS = (
    Epoch("epoch_s", "seconds", 10**8, 10**10),
    Epoch("epoch_ms", "milliseconds", 10**11, 10**13),
    Epoch("epoch_us", "microseconds", 10**14, 10**16),
)
# Core Data counts seconds from 2001-01-01 UTC; years 1 and 9999 in that count.
_COCOA_SECONDS = (-63_113_904_000.0, 252_423_993_599.0)

_EMPTY: dict[Family, tuple[str, Conversion]] = {
    "timestamp": (TIMESTAMP, "timestamp"),
    "timestamptz": (TIMESTAMPTZ, "timestamptz"),
    "date": (DATE, "date"),
    "time": (TIME, "time"),
}
_FORM_WORDS = {
    "date": "a date",
    "datetime": "a date and time",
    "datetime-offset": "a date and time with offset",
    "time": "a time",
    "empty": "''",
    "other": "another form",
}


def date_type(held: HeldValues, rules: DateRules) -> Choice:
    """Return the date or time type that all values have, text where they have none in common."""
    if not held.classes:
        return _empty_type(held, rules)
    if held.only("text"):
        return _text_type(held, rules)
    if held.only("integer", "real"):
        return _number_type(held, rules)
    return _mixed_forms(held, type_from_data(held))


def _empty_type(held: HeldValues, rules: DateRules) -> Choice:
    family: Family = held.declared.family
    if family == "timestamp" and (rules.naive_is_utc or rules.convert_cocoa):
        family = "timestamptz"
    pg_type, conversion = _EMPTY[family]
    return Choice(pg_type, conversion, "as declared; there are no values to go by")


def _text_type(held: HeldValues, rules: DateRules) -> Choice:
    """Return the type of ISO texts."""
    choice = _iso_type(held, rules)
    if choice is None:
        return _mixed_forms(held, type_from_data(held))
    fraction = held.profile.form("subsecond")
    if fraction is None or not rules.subsecond_text:
        return with_truncation(held, choice)
    notice = Notice(
        "subsecond-as-text",
        "low",
        f"{_with_fractions(held, fraction)}; stays text, as --subsecond text asks.",
        "leave --subsecond out to convert, cut to microseconds",
    )
    return Choice("text", "text", "a fraction of a second has more than six digits", (notice,))


def with_truncation(held: HeldValues, choice: Choice) -> Choice:
    """Return the choice of a type of dates with the warning that digits beyond the sixth go."""
    fraction = held.profile.form("subsecond")
    if fraction is None or choice.conversion not in {"timestamp", "timestamptz", "time"}:
        return choice
    notice = Notice(
        "subsecond-truncated",
        "medium",
        f"{_with_fractions(held, fraction)}; becomes {choice.pg_type}, cut to microseconds.",
        "--subsecond text keeps all digits, as text",
    )
    return replace(choice, notices=(*choice.notices, notice))


def _with_fractions(held: HeldValues, fraction: FormCount) -> str:
    count = f"{fraction.count:,} with more than six digits of a second"
    return f"{held.declared.words}, holds {held.description}, {count} ({example_words(fraction)})"


def _iso_type(held: HeldValues, rules: DateRules) -> Choice | None:
    family = held.declared.family
    if family == "date" and held.all_texts("date"):
        return Choice(DATE, "date", "every value is YYYY-MM-DD")
    if family == "time" and held.all_texts("time"):
        return Choice(TIME, "time", "every value is HH:MM[:SS]")
    if held.all_texts("date", "datetime"):
        return _naive_type(held, rules)
    if held.all_texts("datetime-offset"):
        choice = Choice(TIMESTAMPTZ, "timestamptz", "every value has an offset or Z")
        return choice if family in {"timestamp", "timestamptz"} else widened(held, choice)
    if held.all_texts("date", "datetime", "datetime-offset"):
        return _mixed_offsets(held)
    return None


def _naive_type(held: HeldValues, rules: DateRules) -> Choice:
    family = held.declared.family
    if family == "timestamptz" or rules.naive_is_utc:
        choice = Choice(TIMESTAMPTZ, "timestamptz", "ISO dates and times without offset, as UTC")
        if family == "timestamptz":
            notice = Notice(
                "naive-as-utc",
                "low",
                f"{held.declared.words}, holds {held.description} without offset; "
                f"becomes {TIMESTAMPTZ}, read as UTC.",
                f"--type {held.subject}=timestamp keeps them without a zone",
            )
            return replace(choice, notices=(notice,))
    else:
        choice = Choice(TIMESTAMP, "timestamp", "ISO dates and times without offset")
    return choice if family == "timestamp" else widened(held, choice)


def _mixed_offsets(held: HeldValues) -> Choice:
    naive = [held.profile.form(form) for form in ("datetime", "date")]
    example = next(example_words(form) for form in naive if form is not None)
    count = held.count("datetime") + held.count("date")
    message = (
        f"{held.declared.words}, holds {held.description}, {count:,} without offset ({example}) "
        f"and {held.count('datetime-offset'):,} with one; becomes {TIMESTAMPTZ}, and those without "
        "are read as UTC."
    )
    notice = Notice(
        "naive-as-utc",
        "medium",
        message,
        f"--type {held.subject}=text keeps them as they are",
    )
    return Choice(TIMESTAMPTZ, "timestamptz", "with offset, and without as UTC", (notice,))


def _number_type(held: HeldValues, rules: DateRules) -> Choice:
    """Return a timestamp for integers that can only be a Unix epoch, else plain numbers."""
    if rules.core_data and held.declared.family == "timestamp":
        return _core_data_type(held, rules)
    epoch = epoch_of(held) if held.only("integer") and held.declared.family != "time" else None
    if epoch is None:
        return _plain_numbers(held)
    reason = f"every value is an integer of epoch {epoch.words} since 1970"
    notice = Notice(
        "epoch-timestamps",
        "low",
        f"{held.declared.words}, holds {held.description} from {held.profile.integer_min} to "
        f"{held.profile.integer_max}, all epoch {epoch.words} since 1970; becomes {TIMESTAMPTZ}.",
        f"--type {held.subject}=bigint keeps the numbers",
    )
    return Choice(TIMESTAMPTZ, epoch.conversion, reason, (notice,))


def epoch_of(held: HeldValues) -> Epoch | None:
    """Return the unit that all integers of a column are in, None where that is not sure."""
    return next((e for e in EPOCHS if held.integers_within(e.low, e.high)), None)


def _plain_numbers(held: HeldValues) -> Choice:
    choice = type_from_data(held)
    notice = Notice(
        "dates-as-numbers",
        "medium",
        f"{held.declared.words}, holds {held.description}; becomes {choice.pg_type}, since nothing "
        "says what the numbers count from.",
        f"--type {held.subject}=epoch_s reads seconds since 1970 (also epoch_ms, epoch_us, and "
        "cocoa for seconds since 2001)",
    )
    return replace(choice, notices=(notice,))


def _core_data_type(held: HeldValues, rules: DateRules) -> Choice:
    """Return double precision for seconds since 2001, or the timestamps where that is asked for."""
    if rules.convert_cocoa and cocoa_fits(held):
        return Choice(TIMESTAMPTZ, "cocoa", "Core Data's seconds since 2001-01-01 UTC")
    if not held.integers_exact_as_double:
        return _plain_numbers(held)
    notice = Notice(
        "dates-as-numbers",
        "medium",
        f"{held.declared.words}, holds {held.description}, which Core Data counts in seconds since "
        "2001-01-01 UTC (there is a table Z_METADATA); becomes double precision.",
        f"--profile core-data makes such columns {TIMESTAMPTZ}, "
        f"--type {held.subject}=cocoa this one",
    )
    return Choice("double precision", "double", "Core Data's seconds since 2001", (notice,))


def cocoa_fits(held: HeldValues) -> bool:
    """Return whether all numbers are seconds since 2001 within years that dates have."""
    return held.only("integer", "real") and numbers_within(held, *_COCOA_SECONDS)


def numbers_within(held: HeldValues, low: float, high: float) -> bool:
    """Return whether all integers and reals are known to lie between these bounds."""
    profile = held.profile
    if held.integers and not held.integers_within(round(low), round(high)):
        return False
    if not held.reals:
        return True
    least, most = profile.real_min, profile.real_max
    return least is not None and most is not None and low <= least and most <= high


def _mixed_forms(held: HeldValues, choice: Choice) -> Choice:
    """Return the type that keeps all, with a warning that shows one example of each form."""
    known = [form for form in held.profile.forms if form.form in _FORM_WORDS]
    others = [form for form in held.profile.forms if form.form.startswith(OTHER_SHAPE)]
    if others:
        known = [form for form in known if form.form != "other"]
    examples = [
        f"{_FORM_WORDS.get(form.form, 'another form')} ({form.count:,}: {example_words(form)})"
        for form in (*known, *others)
        if not (held.empty_as_null and form.form == "empty")
    ]
    shown = f" By form: {'; '.join(examples)}." if examples else ""
    warned = widened(held, choice)
    first, *rest = warned.notices
    return replace(warned, notices=(replace(first, message=first.message + shown), *rest))
