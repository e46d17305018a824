"""Numbers as people read them."""

from __future__ import annotations

import pytest

from dbtune.model.advice import EvidenceValue
from dbtune.report.quantities import (
    evidence_label,
    format_change,
    format_count,
    format_duration,
    format_evidence,
    format_factor,
    format_moment,
    format_ratio,
    format_size,
    format_span,
)


@pytest.mark.parametrize(
    ("duration_ns", "shown"),
    [
        (0, "0 s"),
        (850, "850 ns"),
        (999.7, "1.0 µs"),
        (3_400_000, "3.4 ms"),
        (12_345_678, "12 ms"),
        (9_960_000, "10 ms"),
        (203_000_000_000, "203 s"),
        (599e9, "599 s"),
        (720e9, "12 min"),
        (9_000e9, "2.5 h"),
    ],
)
def test_duration_has_two_digits_and_a_fitting_unit(duration_ns: float, shown: str) -> None:
    """Rounding never leaves 1,000 of a smaller unit."""
    assert format_duration(duration_ns) == shown


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0 bytes"),
        (512, "512 bytes"),
        (4_096, "4.1 kB"),
        (999_700, "1.0 MB"),
        (50_331_648, "50 MB"),
        (20e9, "20 GB"),
        (-4_096, "-4.1 kB"),
    ],
)
def test_size_is_decimal(size_bytes: float, shown: str) -> None:
    """kB is 1,000 bytes, as disks and `ls --si` have it."""
    assert format_size(size_bytes) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (0, "0 %"),
        (0.0004, "<0.1 %"),
        (0.03, "3 %"),
        (0.066, "6.6 %"),
        (0.351, "35 %"),
        (0.9999, "99.9 %"),
        (1, "100 %"),
        (1.5, "150 %"),
        (-0.05, "-5 %"),
    ],
)
def test_ratio_is_percent_and_only_all_is_100(ratio: float, shown: str) -> None:
    """A gain of 99.99 % is not everything, and a small one is not nothing."""
    assert format_ratio(ratio) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"), [(1.0, "0 %"), (1.12, "+12 %"), (0.9, "-10 %"), (3.44, "3.4x")]
)
def test_write_cost_is_shown_as_what_is_added(ratio: float, shown: str) -> None:
    """1.12 times is 12 % more."""
    assert format_change(ratio) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (12345.0, "12,345"),
        (2.5, "2.5"),
        (11.97, "12"),
        (1234.5, "1,234"),
    ],
)
def test_count_has_thousands_separators(count: float, shown: str) -> None:
    """Calls may be fractions where the recording was sampled."""
    assert format_count(count) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (203, 3.3, "62x"),
        (3, 2, "1.5x"),
        (2, 2, None),
        (1, 2, None),
        (5, 0, None),
        (1.0, 5e-324, "over 1,000,000x"),
    ],
)
def test_factor_is_given_only_for_what_got_faster(
    before: float, after: float, shown: str | None
) -> None:
    """Nothing is 1.0x faster."""
    assert format_factor(before, after) == shown


@pytest.mark.parametrize(
    ("name", "value", "label", "shown"),
    [
        ("cost_before_ns", 1.2e9, "cost before", "1.2 s"),
        ("lock_ms", 40, "lock", "40 ms"),
        ("span_seconds", 5400, "span", "90 min"),
        ("size_bytes", 4e6, "size", "4.0 MB"),
        ("gain_ratio", 0.35, "gain", "35 %"),
        ("write_cost_ratio", 1.12, "write cost", "+12 %"),
        ("calls_count", 1200, "calls", "1,200"),
        ("rows", 120_000, "rows", "120,000"),
        ("exact", False, "exact", "no"),
        ("stat1", None, "stat1", "unknown"),
        ("queries", ("a", "b"), "queries", "a, b"),
        ("queries", (), "queries", "none"),
        ("journal_mode", "delete", "journal mode", "delete"),
        ("_ns", 5, "_ns", "5 ns"),
    ],
)
def test_evidence_takes_label_and_unit_from_its_name(
    name: str, value: EvidenceValue, label: str, shown: str
) -> None:
    """The unit leaves the label and comes back behind the figure."""
    assert (evidence_label(name), format_evidence(name, value)) == (label, shown)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-11-22T12:18:05.296426Z", "2026-11-22 12:18:05 UTC"),
        ("2026-11-22T12:18:05+00:00", "2026-11-22 12:18:05 UTC"),
        ("2026-11-22T12:18:05+05:30", "2026-11-22 12:18:05 +05:30"),
        ("2026-11-22 12:18:05", "2026-11-22 12:18:05"),
        ("2026-11-22", "2026-11-22"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_moment_is_told_to_the_second(moment: str, shown: str) -> None:
    """What is none stays as it is, and so does what has no zone."""
    assert format_moment(moment) == shown
    assert format_evidence("recorded_at", moment) == shown


@pytest.mark.parametrize(
    ("ended_at", "shown"),
    [
        ("2026-11-22T13:00:00.5Z", "2026-11-22 12:18:05 to 13:00:00 UTC"),
        ("2026-11-23T00:00:01Z", "2026-11-22 12:18:05 UTC to 2026-11-23 00:00:01 UTC"),
        ("2026-11-22T13:00:00+01:00", "2026-11-22 12:18:05 UTC to 13:00:00 +01:00"),
        (None, "2026-11-22 12:18:05 UTC to unknown"),
    ],
)
def test_a_span_names_its_day_once(ended_at: str | None, shown: str) -> None:
    """The zone, too, where both ends have the same."""
    assert format_span("2026-11-22T12:18:05Z", ended_at) == shown
