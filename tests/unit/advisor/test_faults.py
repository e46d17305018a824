"""What is wrong with a choice: which index is to blame for slower reads, and what nobody uses."""

from __future__ import annotations

import pytest

from dbtune.advisor.proving.faults import harm_of, is_passed_over, most_harmful, passed_over
from dbtune.advisor.proving.library_check import LibraryCheck, LibraryDifference
from dbtune.advisor.proving.proof import SlowerRead

NAMES = ("a", "b")


def library(
    *slower: LibraryDifference, used: tuple[str, ...] = (), checked: tuple[str, ...] = ()
) -> LibraryCheck:
    """Return what the other library makes of a choice."""
    return LibraryCheck("3.40.1", frozenset(used), slower, frozenset(checked), (), ())


def elsewhere(shape_id: str, added_ns: float, *used: str) -> LibraryDifference:
    """Return a read that the other library makes slower."""
    return LibraryDifference(shape_id, 10, 20, added_ns, frozenset(used))


def test_harm_is_shared_by_the_new_indexes_that_a_read_uses() -> None:
    """Existing ones were there before, so nothing is their fault."""
    slower = [
        SlowerRead("one", 100.0, frozenset({"a", "b"})),
        SlowerRead("two", 30.0, frozenset({"b", "old"})),
        SlowerRead("three", 70.0, frozenset({"old"})),
    ]
    assert harm_of(slower, None, NAMES) == {"a": 50.0, "b": 80.0}


@pytest.mark.parametrize(("added_ns", "harm"), [(40.0, {"a": 60.0}), (90.0, {"b": 90.0})])
def test_a_read_that_both_libraries_make_slower_counts_once(
    added_ns: float, harm: dict[str, float]
) -> None:
    """At the worse of the two, and to the account of what that one uses."""
    slower = [SlowerRead("one", 60.0, frozenset({"a"}))]
    assert harm_of(slower, library(elsewhere("one", added_ns, "b")), NAMES) == harm


def test_reads_that_only_one_library_makes_slower_add_up() -> None:
    """Whichever it is."""
    slower = [SlowerRead("one", 60.0, frozenset({"a"}))]
    assert harm_of(slower, library(elsewhere("two", 5.0, "a")), NAMES) == {"a": 65.0}


def test_the_most_harmful_is_the_same_at_every_run() -> None:
    """Of equals the first by name; of none, none."""
    assert most_harmful({"b": 2.0, "c": 5.0, "a": 5.0}) == "a"
    assert most_harmful({}) is None


@pytest.mark.parametrize(
    ("used_by", "check", "expected"),
    [
        (("one",), library(checked=("one", "two")), True),
        (("one",), library(used=("a",), checked=("one",)), False),
        (("one",), library(checked=("two",)), False),
        ((), library(checked=("one",)), False),
        (("one",), None, False),
    ],
    ids=["unused", "used", "not checked", "used by triggers only", "no library"],
)
def test_an_index_is_passed_over_only_where_that_was_seen(
    used_by: tuple[str, ...], check: LibraryCheck | None, expected: bool
) -> None:
    """A query that the library cannot run says nothing about its indexes."""
    assert is_passed_over("a", used_by, check) is expected


def test_the_library_that_passes_over_an_index_is_named() -> None:
    """With its version, as another one may not."""
    assert passed_over(library()) == "SQLite 3.40.1 does not use it"
