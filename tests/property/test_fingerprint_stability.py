"""Fingerprints do not move with literals, layout, comments and case, and do with anything else."""

from __future__ import annotations

import random
import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from dbtune.recorder.quoted_texts import KEYWORDS
from dbtune.workload.comments import clean_statement, strip_comments
from dbtune.workload.fingerprint import (
    kind_of,
    shape_id,
    structure_key,
    structure_keys,
    template_of,
)
from dbtune.workload.splitting import split_statements
from dbtune.workload.tokens import WHITE_SPACE

names = st.text("abcexyz_", min_size=1, max_size=6).filter(lambda name: name not in KEYWORDS)
operators = st.sampled_from(["=", "<", ">", "<=", ">=", "<>", "LIKE", "IS NOT"])
strings = st.text().map(lambda text: "'" + text.replace("'", "''") + "'")
blobs = st.binary(max_size=8).map(lambda data: f"x'{data.hex()}'")
numbers = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(min_value=0).map(hex),
    st.sampled_from([".5", "1.", "1e5", "1E-5", ".5e+10", "+3", "1_000"]),
)
placeholders = st.sampled_from(["?", "?1", ":name", "@name", "$name", "$1", "%s", "%(name)s"])
values = st.one_of(strings, blobs, numbers, placeholders)
comments = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="*/"), max_size=9).map(
        lambda text: f"/*{text}*/"
    ),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), max_size=9).map(
        lambda text: f"--{text}\n"
    ),
    st.sampled_from(["/* it's */", '/* "x" */', "-- it's\n", "/*/**/"]),
)
gaps = st.lists(
    st.one_of(st.sampled_from([" ", "\n", "\t", "\r\n", "  "]), comments), min_size=1, max_size=3
)

# Pieces that meet in every order: the ends of strings, names, numbers and comments.
pieces = st.sampled_from(
    """' '' " "" ` [ ] -- /* */ * / - + . , ; ( ) ? % %s $ : @ # = == -> ->> | || \n \t \0 \x01 \r
    0 1 12 1.5 .5 1. 1e5 1e+5 0x1e+5 1e .5e+1 ?1 :1 :a $a1 a a1 x X'a1' x'1' e E+1 5a é 😀 \ufeff
    select SELECT in IN values VALUES null NULL is true and not from "t" [t] `t` users
    'abc' 'it''s' 'x' 'y'""".split(" ")
)
literals = st.sampled_from(["'a'", "'it''s'", "''", "7", "12.5", "0", "1e+5", "0x1e"])
elements = st.one_of(
    literals,
    st.sampled_from(["?", "?1", "NULL", "true", "a", "- 1", "-1", ".5", "-x'ab'", "1 2", "(1)"]),
)
soups = st.lists(st.one_of(pieces, st.just(" ")), max_size=12).map("".join)


@st.composite
def variants(draw: st.DrawFn) -> list[str]:
    """Texts that differ in one piece, so that a key that is too coarse joins them."""
    soup = draw(st.lists(pieces, min_size=1, max_size=10))
    position = draw(st.integers(0, len(soup) - 1))
    others = draw(st.lists(st.one_of(pieces, literals), min_size=1, max_size=4))
    return ["".join([*soup[:position], piece, *soup[position + 1 :]]) for piece in others]


alike = variants()


@st.composite
def statements(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """A SELECT as tokens, and the positions of its values."""
    table, column, other = draw(names), draw(names), draw(names)
    tokens = ["SELECT", column, ",", other, "FROM", table, "WHERE", column, draw(operators)]
    slots = [len(tokens)]
    tokens += ["1", "AND", other, "IN", "(", "1"]
    slots.append(len(tokens) - 1)
    tokens += [")", "LIMIT", "1"]
    slots.append(len(tokens) - 1)
    return tokens, slots


def swap_case(token: str, chance: random.Random) -> str:
    """Return the token with the case of each letter at random."""
    return "".join(c.upper() if chance.random() < 0.5 else c.lower() for c in token)


@given(statements(), st.lists(values, min_size=3, max_size=3))
def test_values_do_not_change_the_template(
    statement: tuple[list[str], list[int]], chosen: list[str]
) -> None:
    """Any literal or placeholder in a value's place leaves the template as it is."""
    tokens, slots = statement
    changed = list(tokens)
    for slot, value in zip(slots, chosen, strict=True):
        changed[slot] = value
    assert template_of(" ".join(changed)) == template_of(" ".join(tokens))


@given(statements(), st.lists(gaps, min_size=4, max_size=4))
def test_white_space_and_comments_do_not_change_the_template(
    statement: tuple[list[str], list[int]], between: list[list[str]]
) -> None:
    """Any gap between two tokens is the same as one space."""
    tokens, _ = statement
    spread = "".join(token + "".join(between[n % 4]) for n, token in enumerate(tokens))
    assert template_of(spread) == template_of(" ".join(tokens))


@given(statements(), st.randoms(use_true_random=False))
def test_case_of_words_does_not_change_the_template(
    statement: tuple[list[str], list[int]], chance: random.Random
) -> None:
    """Key words and bare names are the same in any mixture of cases."""
    tokens, _ = statement
    mixed = " ".join(swap_case(token, chance) for token in tokens)
    assert template_of(mixed) == template_of(" ".join(tokens))


@given(st.lists(values, min_size=1, max_size=40), st.lists(values, min_size=1, max_size=40))
def test_lists_of_any_length_are_the_same(first: list[str], second: list[str]) -> None:
    """An IN list and the rows of VALUES fold to one element."""
    one, other = (f"SELECT a FROM t WHERE b IN ({','.join(v)})" for v in (first, second))
    assert shape_id(one) == shape_id(other)
    one, other = (
        "INSERT INTO t(a) VALUES " + ", ".join(f"({value})" for value in chosen)
        for chosen in (first, second)
    )
    assert shape_id(one) == shape_id(other)


@given(statements(), st.integers(min_value=0), names, operators)
def test_another_name_or_operator_changes_the_template(
    statement: tuple[list[str], list[int]], choice: int, name: str, operator: str
) -> None:
    """A different table, column or operator is a different query."""
    tokens, _ = statement
    position = (1, 3, 5, 7, 8)[choice % 5]
    changed = list(tokens)
    changed[position] = operator if position == 8 else name
    is_same = changed[position] == tokens[position]
    assert (shape_id(" ".join(changed)) == shape_id(" ".join(tokens))) == is_same


@given(alike)
def test_equal_structure_means_equal_template(statements: list[str]) -> None:
    """The cheap key that templates are looked up by never joins two templates."""
    found: dict[object, str] = {}
    for statement in map(clean_statement, statements):
        template = template_of(statement)
        assert found.setdefault(structure_key(statement), template) == template


@given(st.lists(alike, max_size=3).map(lambda groups: [text for group in groups for text in group]))
def test_keys_of_many_statements_never_join_two_templates(statements: list[str]) -> None:
    """Keys taken from many statements at once are as good, whatever their neighbours hold."""
    found: dict[object, str] = {}
    for key, statement in zip(structure_keys(statements), statements, strict=True):
        assert found.setdefault(key, template_of(statement)) == template_of(statement)


@given(
    st.sampled_from(["INSERT INTO t VALUES ", "SELECT (a) IN ", "SELECT (VALUES "]),
    st.lists(st.lists(elements, max_size=3), min_size=1, max_size=5),
    st.booleans(),
)
def test_passing_over_values_changes_nothing(
    start: str, rows: list[list[str]], is_nested: bool
) -> None:
    """Long lists are passed over at once, and token by token where comments stand between."""
    one, other = (
        start
        + "(" * is_nested
        + gap.join("(" + gap.join(row) + ")" for row in rows)
        + ")" * is_nested
        for gap in (",", " /**/ , /**/ ")
    )
    assert template_of(one) == template_of(other)


@given(soups)
def test_comments_go_without_changing_the_template(soup: str) -> None:
    """Taking the comments out first gives the template of the text as it was."""
    assert template_of(strip_comments(soup)) == template_of(soup)


@given(soups)
def test_any_text_has_a_template_and_a_kind(soup: str) -> None:
    """No text is refused, however broken, and a template never holds a control character."""
    template = template_of(soup)
    assert template == template.strip()
    assert "\0" not in template or '"' in template
    assert kind_of(soup) in {"read", "write", "other"}


@given(st.lists(soups.filter(lambda soup: "\0" not in soup), max_size=4).map("\n".join))
def test_statements_end_where_sqlite_ends_them(text: str) -> None:
    """Each statement that was cut off is complete for SQLite with a semicolon, and not before."""
    parts = split_statements(text)
    for part in parts[:-1]:
        assert sqlite3.complete_statement(part + "\n;")
    if parts and ";" not in text:
        assert parts == (text.strip(WHITE_SPACE),)
