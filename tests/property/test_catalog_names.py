"""Whatever objects are called, the catalog gives their names back, and plans are read right."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import apsw
from hypothesis import assume, given
from hypothesis import strategies as st

from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.declarations import read_index_declaration

# SQLite ends a name at NUL, and UTF-8 has no surrogates.
NAMES = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=12
)
EXPRESSIONS = st.recursive(
    st.sampled_from(("a", '"b c"', "[d,e]", "'x'',('", "1.5", "x'2c'", "`f``)`", "/* , */ a")),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"max({pair[0]}, {pair[1]})"),
        inner.map(lambda text: f"({text})"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} || {pair[1]}"),
        inner.map(lambda text: f"CASE WHEN {text} THEN 1 END"),
    ),
    max_leaves=4,
)


@given(NAMES, NAMES, NAMES, NAMES)
def test_names_come_back(table: str, first: str, second: str, index: str) -> None:
    """Of tables, columns and indexes, read by either library."""
    for name in (table, index):
        assume(not name.lower().startswith("sqlite_") and name.lower() != "dbtune_version")
    assume(folded(first) != folded(second) and folded(table) != folded(index))
    for connect in (sqlite3.connect, apsw.Connection):
        with closing(connect(":memory:")) as connection:
            connection.execute(
                f"CREATE TABLE {quoted(table)} ({quoted(first)} TEXT COLLATE NOCASE,"
                f" {quoted(second)} PRIMARY KEY)"
            )
            connection.execute(
                f"CREATE INDEX {quoted(index)} ON {quoted(table)} ({quoted(first)} DESC)"
                f" WHERE {quoted(second)} > 5"
            )
            found = read_schema(connection).tables[0]
        assert found.name == table
        assert [(c.name, c.collation) for c in found.columns] == [
            (first, "NOCASE"),
            (second, "BINARY"),
        ]
        assert found.primary_key == (second,)
        made = next(entry for entry in found.indexes if entry.origin == "c")
        assert (made.name, made.columns[0].name, made.where_sql) == (
            index,
            first,
            f"{quoted(second)} > 5",
        )


@given(st.lists(EXPRESSIONS, min_size=1, max_size=4), EXPRESSIONS)
def test_index_terms_are_told_apart(terms: list[str], condition: str) -> None:
    """As many as there are, each as it was written, whatever stands within them."""
    keys = ", ".join(f"{term} COLLATE NOCASE DESC" for term in terms)
    found = read_index_declaration(f'CREATE INDEX i ON "t (" ({keys}) WHERE {condition}')
    assert found.terms == tuple(term.removeprefix("/* , */ ") for term in terms)
    assert found.where_sql == condition.removeprefix("/* , */ ")


def quoted(name: str) -> str:
    """Return a name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """Return a name as SQLite compares it."""
    return "".join(c.lower() if c.isascii() else c for c in name)
