"""Large values are compared by digests that are made without holding them."""

from __future__ import annotations

import os
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.verification import large_digest
from dbtune.postgres.verification.canonical import StoredKind, source_converter
from dbtune.postgres.verification.compared_rows import ComparedTable, Selection
from dbtune.postgres.verification.differences import Compared
from dbtune.postgres.verification.large_digest import (
    LARGE_BYTES,
    is_digest,
    read_large_value,
    short_form,
)
from dbtune.postgres.verification.target_columns import read_target_table
from dbtune.postgres.verification.verify_multiset import compare_multiset
from dbtune.postgres.verification.verify_rows import compare_ordered
from tests.fixtures.moved_table import SCHEMA, Moved, column, move

NONCE = b"0123456789abcdef"
SIZE = 2 * LARGE_BYTES + 4_000_000
TEXT = "grün\u5bff" * (SIZE // 8)
BLOB = os.urandom(1000) * (SIZE // 1000)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
@pytest.mark.parametrize(
    ("value", "plan"),
    [
        ("grün \u5bff and 🍣 at the border of pieces", {}),
        ("a\0b\0\0c and more", {"nul_repair": "strip"}),
        ("short\0", {"nul_repair": "replace"}),
        (b"\xe9t\xe9 \xc3\xa9", {"encoding_repair": "latin-1"}),
        ("été: valid already".encode(), {"encoding_repair": "latin-1"}),
        (b"\xe9t\xff \xc3\xa9\xe5\xaf", {"encoding_repair": "replace", "nul_repair": "strip"}),
        (b"\0\xff" * 20, {"conversion": "bytes"}),
        ("text as its bytes ü", {"conversion": "bytes"}),
        ('{"a": "ü"}', {"conversion": "json"}),
    ],
)
def test_pieces_give_what_the_whole_value_gives(
    monkeypatch: pytest.MonkeyPatch, encoding: str, value: Any, plan: dict[str, Any]
) -> None:
    """Whatever is repaired, and wherever a piece ends; small values come as they are."""
    planned = column("v", plan.get("conversion", "text"), "mixed", "text", clean=False)
    planned = ColumnPlan(**{**vars(planned), **plan})
    with closing(sqlite3.connect(":memory:")) as lite:
        lite.execute(f"PRAGMA encoding = '{encoding}'")
        lite.execute("CREATE TABLE t (v)")
        lite.execute("INSERT INTO t VALUES (?)", (value,))
        lite.text_factory = bytes
        (stored,) = lite.execute("SELECT v FROM t").fetchone()
        kinds: dict[str, StoredKind] = {"text": "text", "bytes": "bytes", "json": "json"}
        convert = source_converter(planned, kinds[planned.conversion])
        assert convert is not None
        for limit in (5, 100):
            for piece in (1, 2, 3, 1000):
                monkeypatch.setattr(large_digest, "LARGE_BYTES", limit)
                monkeypatch.setattr(large_digest, "_PIECE_BYTES", piece)
                found = read_large_value(lite, "t", ("rowid", 1), planned, NONCE)
                assert found == short_form(convert(stored), NONCE)
                assert is_digest(found) == (limit == 5)


@pytest.fixture
def large(tmp_path: Path, target: str) -> Moved:
    """A table with a text and a blob above the limit, which its plan knows of."""
    columns = [
        column("id", "integer", "integer", "bigint"),
        column("a", "text", "text", "text", longest_bytes=len(TEXT.encode())),
        column("b", "bytes", "blob", "bytea", longest_bytes=len(BLOB)),
    ]
    rows = [(1, "x", b"y"), (5, "x", BLOB), (7, TEXT, None), (8, None, b"")]
    moved = move(tmp_path / "source.db", target, columns, rows, rows)
    return moved.with_plan(large_values=((5, "b", len(BLOB)), (7, "a", len(TEXT.encode()))))


def compare(moved: Moved, *, ordered: bool) -> Compared:
    """Compare a table as it is now."""
    with moved.connections() as (source, target):
        columns = read_target_table(target, SCHEMA, moved.plan).columns
        table = ComparedTable(moved.plan, SCHEMA, columns, NONCE)
        if ordered:
            return compare_ordered(source, target, table, Selection())
        return compare_multiset(source, target, table)


@pytest.mark.parametrize("ordered", [True, False])
def test_large_values_are_compared(large: Moved, ordered: bool) -> None:
    """One byte is enough, and a message shows lengths and digests."""
    assert compare(large, ordered=ordered).differences == ()
    large.change(
        f"UPDATE t SET b = set_byte(b, {SIZE - 5000}, get_byte(b, {SIZE - 5000}) # 1) WHERE id = 5",
        "UPDATE t SET a = a || ' ' WHERE id = 7",
    )
    found = compare(large, ordered=ordered).differences
    assert sorted((difference.row[-1], difference.column) for difference in found) == [
        ("5", "b"),
        ("7", "a"),
    ]
    assert all("SHA-256" in difference.source for difference in found)


def test_a_value_that_became_large_or_small_differs(large: Moved) -> None:
    """A digest is equal to no value."""
    large.change(
        "UPDATE t SET b = '' WHERE id = 5",
        f"UPDATE t SET a = repeat('z', {SIZE}) WHERE id = 1",
    )
    found = compare(large, ordered=True).differences
    assert [(difference.row, difference.column) for difference in found] == [
        ("id=1", "a"),
        ("id=5", "b"),
    ]


def test_large_values_are_not_held(large: Moved) -> None:
    """Python holds less than one of them: what it has read of it until it is known to be large."""
    tracemalloc.start()
    try:
        assert compare(large, ordered=True).differences == ()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2 * LARGE_BYTES
