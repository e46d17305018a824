"""Forms of texts: numbers, truth values, UUIDs, JSON, dates and times."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from dbtune.postgres.profiling.date_forms import DateClassifier
from dbtune.postgres.profiling.decimal_digits import digits_of
from dbtune.postgres.profiling.value_forms import (
    Classifier,
    FormTally,
    NumberClassifier,
    classify_json,
    classify_true_false,
    classify_uuids,
)


def tallied(classify: Classifier, *values: str) -> dict[str, int]:
    """Count the forms of texts, without the shapes of what has none."""
    tally = FormTally()
    classify([value.encode() for value in values], tally)
    return {form: n for form, n in tally.counts.items() if not form.startswith("other shape")}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2024-01-05", "date"),
        ("2024-02-29", "date"),
        ("2023-02-29", "other"),
        ("0000-01-01", "other"),
        ("2024-13-01", "other"),
        ("2024-1-5", "other"),
        ("05.01.2024", "other"),
        ("", "empty"),
        ("2024-01-05 10:00", "datetime"),
        ("2024-01-05T10:00:00", "datetime"),
        ("2024-01-05 10:00:00.123456", "datetime"),
        ("2024-01-05 24:00:00", "other"),
        ("2024-01-05 10:60:00", "other"),
        ("2024-01-05 10:00:60", "other"),
        ("2024-01-05t10:00:00", "other"),
        ("2024-01-05 10:00:00Z", "datetime-offset"),
        ("2024-01-05 10:00:00+02", "datetime-offset"),
        ("2024-01-05 10:00:00 -0330", "datetime-offset"),
        ("2024-01-05 10:00:00+15:59", "datetime-offset"),
        ("2024-01-05 10:00:00+16:00", "other"),
        ("2024-01-05 10:00:00+02:60", "other"),
        ("2024-01-05 10:00:00 +0000 UTC", "datetime-offset"),
        ("2024-01-05 10:00:00 +0200 UTC", "other"),
        ("2024-01-05 10:00:00 +0200 CEST", "other"),
        ("2024-01-05Z", "other"),
        ("0001-01-01 00:00:00Z", "datetime-offset"),
        ("0001-01-01 00:00:00+14:00", "other"),
        ("9999-12-31 23:00:00-02:00", "other"),
        ("10:00", "time"),
        ("10:00:00.5", "time"),
        ("25:00:00", "other"),
        ("10:00Z", "other"),
        ("2024-01-05\n", "other"),
        ("\u0662\u0660\u0662\u0664-01-05", "other"),
    ],
)
def test_a_moment_is_told_alone_and_beside_others(text: str, form: str) -> None:
    """A text has the same form by itself as in a batch of another shape, or of its own."""
    assert tallied(DateClassifier(), text) == {form: 1}
    good = "2024-01-05 10:00:00"
    beside = tallied(DateClassifier(), good, text)
    assert beside == ({"datetime": 2} if form == "datetime" else {"datetime": 1, form: 1})
    twice = tallied(DateClassifier(), text, text)
    assert twice == {form: 2}


def exists(text: str) -> bool:
    """Return whether the calendar has a day."""
    try:
        date(*map(int, text.split("-")))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("year", [0, 1, 1900, 2000, 2023, 9999])
def test_days_are_those_of_the_calendar(year: int) -> None:
    """Each day of each month is judged as the calendar does, alone and beside others."""
    for month, day in product(range(0, 100, 1 if year == 2023 else 7), range(100)):
        text = f"{year:04}-{month:02}-{day:02}"
        form = "date" if exists(text) else "other"
        assert tallied(DateClassifier(), text)[form] == 1
        beside = tallied(DateClassifier(), "2024-02-29", text, "2023-12-01")
        assert beside["date"] == (3 if form == "date" else 2)


def test_clocks_show_24_hours_of_60_minutes() -> None:
    """Each hour, minute and second is judged, alone and beside others."""
    for first, second in product(range(100), range(0, 100, 3)):
        for text, fits in (
            (f"{first:02}:{second:02}:00", first < 24 and second < 60),
            (f"23:{first:02}:{second:02}", first < 60 and second < 60),
        ):
            assert tallied(DateClassifier(), text)["time" if fits else "other"] == 1
            beside = tallied(DateClassifier(), "23:59:59", text, "09:00:00")
            assert beside["time"] == (3 if fits else 2)


def test_a_batch_in_which_line_ends_hide_a_shape() -> None:
    """Texts that only look alike once they are joined are told apart."""
    assert tallied(DateClassifier(), "2024-01-05", "2024-01-05\n2024-01-05") == {
        "date": 1,
        "other": 1,
    }
    found = tallied(DateClassifier(), "1\n1", "1", "1\n1\n1")
    assert found == {"other": 3}


def test_an_impossible_moment_is_found_among_possible_ones_of_its_shape() -> None:
    """One bad field among many good values of the same shape is counted apart."""
    values = ["2024-01-05 10:00:00"] * 50 + ["2024-01-05 10:61:00"] + ["2024-06-31 10:00:00"]
    assert tallied(DateClassifier(), *values) == {"datetime": 50, "other": 2}


def test_lost_digits_of_a_second_are_counted() -> None:
    """Only digits after the sixth that are not 0 count as lost."""
    values = ("10:00:00.1234567", "10:00:00.1234560", "10:00:00.123456001")
    assert tallied(DateClassifier(), *values) == {"time": 3, "subsecond": 2}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"a": 1}', "json"),
        ("null", "json"),
        (' [1.50, "x"]\n', "json"),
        ('{"a": 1, "a": 2}', "json-duplicate-keys"),
        ('[{"b": {"a": 1, "a": 1}}]', "json-duplicate-keys"),
        ('"\\u0000"', "json-unfit"),
        ('"\\\\u0000"', "json"),
        ('"\\ud800"', "json-unfit"),
        ('"\\ud83d\\ude00"', "json"),
        ('"\\ud83d\\n\\ude00"', "json-unfit"),
        ("1e400", "json"),
        ("1e999999", "json-unfit"),
        ("-0", "json-unfit"),
        ("[-0.0]", "json-unfit"),
        ("1" * 5000, "json"),
        ("NaN", "other"),
        ("Infinity", "other"),
        ("'a'", "other"),
        ("[1,]", "other"),
        ("", "empty"),
        ("[" * 100_000, "other"),
        ('"a\tb"', "other"),
    ],
)
def test_json_is_what_postgres_takes_for_it(text: str, form: str) -> None:
    """JSON is told from what only Python or SQLite takes, and from what jsonb would lose."""
    assert tallied(classify_json, text) == {form: 1}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("0", "integer"),
        ("-9223372036854775808", "integer"),
        ("9223372036854775808", "decimal"),
        ("007", "decimal"),
        ("-0", "decimal"),
        ("1.50", "decimal"),
        ("+.5e-3", "decimal"),
        ("1_0", "other"),
        (" 5", "other"),
        ("0x10", "other"),
        ("Infinity", "other"),
        ("\u0665", "other"),
    ],
)
def test_a_number_is_written_in_ascii_digits(text: str, form: str) -> None:
    """Texts are numbers only in forms that read the same everywhere."""
    assert tallied(NumberClassifier(), text) == {form: 1}


def test_truth_values_have_no_other_spelling() -> None:
    """yes, no, on, off and 2 are neither true nor false."""
    assert tallied(classify_true_false, "0", "1", "t", "F", "True", "FALSE") == {"true-false": 6}
    assert tallied(classify_true_false, "yes", "2", "", "0") == {
        "other": 2,
        "empty": 1,
        "true-false": 1,
    }


def test_uuids_have_36_or_32_characters() -> None:
    """Braces, a digit too many and dashes elsewhere make another text of it."""
    dashed, plain = "550e8400-e29b-41d4-a716-446655440000", "550E8400E29B41D4A716446655440000"
    assert tallied(classify_uuids, dashed, dashed.upper()) == {"uuid": 2}
    assert tallied(classify_uuids, plain, plain) == {"hex32": 2}
    others = (f"{{{dashed}}}", plain + "0", dashed.replace("a716-", "-a716"), "g" * 32)
    assert tallied(classify_uuids, dashed, plain, *others) == {"uuid": 1, "hex32": 1, "other": 4}


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("0", (0, 0)),
        ("0.50", (0, 1)),
        ("-123.456", (3, 3)),
        ("100", (3, 0)),
        ("12.0", (2, 0)),
        ("1e+22", (23, 0)),
        ("1.5e-07", (0, 8)),
        ("5e-324", (0, 324)),
    ],
)
def test_digits_are_those_a_number_needs(number: str, digits: tuple[int, int]) -> None:
    """Zeros at either end that do not change the value are no digits."""
    assert digits_of(number) == digits
