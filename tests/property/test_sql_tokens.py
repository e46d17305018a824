"""The tokenizer takes any text, and agrees with SQLite on what placeholders a statement has."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from dbtune.sqlite.placeholders import null_parameters, placeholder_names
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


@given(st.lists(PIECES, max_size=8))
def test_placeholders_are_numbered_as_sqlite_numbers_them(pieces: list[str]) -> None:
    """Binding NULL to what is found satisfies SQLite for every mixture of placeholders."""
    sql = "SELECT " + " , ".join(["0", *pieces])
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE t ("col:umn", "a@b", "c$d", a)')
        statement = f"{sql}\nFROM t"
        connection.execute(statement, null_parameters(statement)).fetchall()
    assert len(placeholder_names(statement)) >= max(
        (int(piece[1:]) for piece in pieces if piece[0] == "?" and piece[1:]), default=0
    )
