"""The tokenizer takes any text, and agrees with SQLite on what placeholders a statement has."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import apsw
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.workload import Parameters
from dbtune.sqlite.placeholders import bind, placeholder_names
from dbtune.sqlite.tokens import tokenize

PIECES = st.sampled_from(
    (
        "?", "?3", ":name", "@at", "$dollar", "'str?ing'", '"col:umn"', "1 -- ? comment\n",
        "2 /* :x */", "[a@b]", "`c$d`", "1.5e3", "x'3f'", "a", "'it''s ?'", "$a::b", "?1",
    )
)  # fmt: skip


@given(st.text())
def test_any_text_is_split_into_tokens_that_stand_in_it(text: str) -> None:
    """Nothing is lost but white space and comments, and nothing overlaps."""
    end = 0
    for token in tokenize(text):
        assert token.start >= end
        assert text[token.start : token.end] == token.text
        end = token.end


@given(st.lists(PIECES, max_size=8), st.sampled_from((None, "sequence", "mapping")))
def test_every_mixture_of_placeholders_gets_its_values(
    pieces: list[str], given_as: str | None
) -> None:
    """SQLite gives each value back in its place, for both libraries and any kind of parameters."""
    sql = "SELECT " + " , ".join(["0", *pieces]) + "\nFROM t"
    names = placeholder_names(sql)
    parameters: Parameters = None
    if given_as == "sequence":
        parameters = tuple(range(100, 100 + len(names)))
    elif given_as == "mapping":
        by_number = {str(n): 100 + n for n in range(1, len(names) + 1)}
        parameters = by_number | dict.fromkeys(("name", "at", "dollar", "a::b"), 99)
    bound = bind(sql, parameters)
    rows = []
    for connect in (sqlite3.connect, apsw.Connection):
        with closing(connect(":memory:")) as connection:
            connection.execute('CREATE TABLE t ("col:umn", "a@b", "c$d", a)')
            connection.execute("INSERT INTO t VALUES (1, 2, 3, 4)")
            rows.append(list(connection.execute(bound.text, bound.values)))
    assert rows[0] == rows[1]
    values = [value for value in rows[0][0] if isinstance(value, int) and value >= 99]
    marks = [piece for piece in pieces if piece[0] in "?:@$"]
    assert len(values) == (0 if given_as is None else len(marks))


@given(st.lists(PIECES, max_size=8))
def test_placeholders_are_numbered_as_sqlite_numbers_them(pieces: list[str]) -> None:
    """The library that tells names and numbers agrees."""
    sql = "SELECT " + " , ".join(["0", *pieces]) + "\nFROM t"
    told: list[str | None] = []

    def note(cursor: apsw.Cursor, statement: str, values: object) -> bool:
        told.extend(cursor.bindings_names)
        return False

    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute('CREATE TABLE t ("col:umn", "a@b", "c$d", a)')
        cursor = connection.cursor()
        cursor.exec_trace = note
        with suppress(apsw.ExecTraceAbort):
            cursor.execute(sql, (None,) * len(placeholder_names(sql)))
    names = [name if name is None or not name.isdigit() else None for name in told]
    assert tuple(names) == placeholder_names(sql)
