"""Casts of the Arrow way: exactly what row by row gives, or an error that sends a part there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.transfer import Conversion, StorageCounts
from dbtune.postgres.loading.arrow_casts import CannotCast, arrow_column, has_cast
from dbtune.postgres.loading.encode import EncodeError, column_encoder
from tests.fixtures.load_plans import column_plan

pa = pytest.importorskip("pyarrow", reason="needs the extra dbtune[fast]")

REALS = StorageCounts(reals=1, integers=1)
TEXTS = StorageCounts(texts=1)
NUMBERS = st.floats(allow_nan=False, width=64) | st.integers(-(10**15), 10**15).map(float)
DECIMALS = st.decimals(-(10**9), 10**9, places=3).map(float)


def cast(conversion: Conversion, pg_type: str, counts: StorageCounts, values: list[Any]) -> Any:
    """Return what Arrow makes of values as ADBC reads them; None where it gives them up."""
    column = arrow_column(column_plan("v", pg_type, conversion, counts))
    array = pa.array(values, type=pa.type_for_alias(column.read_type))
    try:
        return column.cast(array)
    except (CannotCast, pa.ArrowException):
        return None


@given(st.lists(st.none() | NUMBERS | DECIMALS, max_size=5), st.integers(0, 6))
def test_decimals_are_the_shortest_digits_or_given_up(values: list[Any], scale: int) -> None:
    """Each decimal equals the digits that Python writes for the double."""
    found = cast("decimal", f"numeric(15,{scale})", REALS, values)
    if found is not None:
        expected = [None if value is None else Decimal(repr(value)) for value in values]
        assert found.to_pylist() == expected


@given(st.integers(-(10**13), 10**13), st.integers(0, 6))
def test_decimals_of_the_column_are_never_given_up(units: int, scale: int) -> None:
    """A double that was written as a decimal of the column's scale goes by Arrow."""
    value = float(Decimal(units).scaleb(-scale))
    assert cast("decimal", f"numeric(15,{scale})", REALS, [value, None]) is not None


@pytest.mark.parametrize(
    ("conversion", "pg_type"),
    [
        ("timestamp", "timestamp without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("date", "date"),
        ("time", "time without time zone"),
    ],
)
@given(data=st.data())
def test_texts_of_moments_are_read_as_row_by_row(
    conversion: Conversion, pg_type: str, data: st.DataObject
) -> None:
    """Where both ways take a text they mean the same moment."""
    clock = st.times().map(str) | st.times().map(lambda at: str(at)[:5])
    day = st.dates().map(str)
    mark = st.sampled_from(["", " ", "T"])
    offset = st.sampled_from(["", "Z", "+02:00", "-0530"])
    text = data.draw(
        st.one_of(
            day,
            clock,
            st.tuples(day, mark, clock, offset).map("".join),
            st.text("0123456789-: T.Z+", max_size=26),
        )
    )
    column = column_plan("v", pg_type, conversion, TEXTS)
    found = cast(conversion, pg_type, TEXTS, [text])
    try:
        (field,) = column_encoder(column)([text.encode()])
    except EncodeError:
        return  # no such text is in a column that the profile gave this conversion
    if found is None:
        return
    if conversion == "timestamptz":  # compared by Arrow: Python has no year 0
        assert cast(conversion, pg_type, TEXTS, [_colon(field)]).equals(found)
        return
    sent = found.to_pylist()[0]
    form = "%H:%M:%S.%f" if conversion == "time" else "%Y-%m-%d %H:%M:%S.%f"
    if conversion == "date":
        assert str(sent).encode() == field
    else:
        assert sent.strftime(form).lstrip("0") == _complete(field.decode()).lstrip("0")


def _colon(field: bytes) -> str:
    text = field.decode()
    if len(text.split()[1].split("+")[0].split("-")[0]) == 5:
        text = text[:16] + ":00" + text[16:]
    return text


def _complete(text: str) -> str:
    """Write midnight, seconds and all six fraction digits, and a space for a T."""
    whole, _, fraction = text.replace("T", " ").partition(".")
    if ":" not in whole:
        whole += " 00:00:00"
    if whole.count(":") == 1:
        whole += ":00"
    return f"{whole}.{fraction.ljust(6, '0')}"


CASES = [
    ("integer", "bigint", "integer", True),
    ("integer", "numeric", "integer", False),
    ("double", "real", "real", False),
    ("text", "text", "real", False),
    ("jsonb", "jsonb", "text", False),
    ("epoch_s", "timestamp with time zone", "real", False),
    ("text", "character varying(9)", "text", True),
    ("timestamp", "timestamp(3) without time zone", "text", False),
]


@pytest.mark.parametrize(("conversion", "pg_type", "storage", "able"), CASES)
def test_only_what_is_known_to_be_exact_goes_by_arrow(
    conversion: Conversion, pg_type: str, storage: str, able: bool
) -> None:
    """Another type of the target, or class of the source, goes row by row."""
    counts = StorageCounts(**{f"{storage}s": 3})
    column = column_plan("v", pg_type, conversion, counts)
    assert has_cast(column) is able
    assert not has_cast(replace(column, clean=False))
    assert has_cast(replace(column, counts=StorageCounts(nulls=3), clean=False)) is (
        able or conversion in {"text", "epoch_s"}
    )
