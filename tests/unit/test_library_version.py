"""What is known of a version of the SQLite library."""

from __future__ import annotations

import pytest

from dbtune.sqlite.library_version import has_wal_reset_race, version_number


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.6.23", False),
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.44.5", True),
        ("3.44.6", False),
        ("3.45.0", True),
        ("3.50.6", True),
        ("3.50.7", False),
        ("3.51.2", True),
        ("3.51.3", False),
        ("3.52.0", False),
        ("4.0.0", False),
        ("unknown", False),
    ],
)
def test_the_wal_reset_race_is_known_by_version(version: str, expected: bool) -> None:
    """From 3.7.0 to 3.51.2 but for the two branches that got the fix."""
    assert has_wal_reset_race(version) is expected


def test_versions_compare_as_numbers() -> None:
    """3.9 is older than 3.10, and what is no version compares as older than all."""
    assert version_number("3.9.2") < version_number("3.10.0")
    assert version_number("three") == ()
