"""What the text of CREATE TABLE says of constraints."""

from __future__ import annotations

import pytest

from dbtune.sqlite.schema.constraints import (
    CheckText,
    ConflictText,
    ForeignKeyText,
    GeneratedText,
    KeyText,
    TableConstraints,
    read_constraints,
)

CASES = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)": TableConstraints(
        keys=(KeyText(("id",), True),), autoincrement=True
    ),
    "CREATE TABLE t(a, b, PRIMARY KEY (a COLLATE NOCASE DESC, [b]))": TableConstraints(
        keys=(KeyText(("a", "b"), True),)
    ),
    "CREATE TABLE t(a UNIQUE, b, CONSTRAINT both UNIQUE (a, b))": TableConstraints(
        keys=(KeyText(("a",), False), KeyText(("a", "b"), False, "both"))
    ),
    "CREATE TABLE t(a DECIMAL(10, 2) CONSTRAINT pos CHECK (a > 0) NOT NULL)": TableConstraints(
        checks=(CheckText("a > 0", "a", "pos"),)
    ),
    "CREATE TABLE t(a, CHECK (a > ')' /* ( */) CONSTRAINT c CHECK (a < 'x'))": TableConstraints(
        checks=(CheckText("a > ')'"), CheckText("a < 'x'", name="c"))
    ),
    "CREATE TABLE t(a REFERENCES p ON DELETE SET NULL ON UPDATE NO ACTION, b)": TableConstraints(
        foreign_keys=(ForeignKeyText(("a",), "p"),)
    ),
    "CREATE TABLE t(a REFERENCES p(x) ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED)": (
        TableConstraints(foreign_keys=(ForeignKeyText(("a",), "p", None, True, True),))
    ),
    "CREATE TABLE t(a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED NOT NULL)": TableConstraints(
        foreign_keys=(ForeignKeyText(("a",), "p"),)
    ),
    'CREATE TABLE t(a, b, CONSTRAINT f FOREIGN KEY (a, "b") REFERENCES "P q" (c, d) MATCH FULL'
    " DEFERRABLE)": TableConstraints(
        foreign_keys=(ForeignKeyText(("a", "b"), "P q", "f", True, False),)
    ),
    "CREATE TABLE t(a, b AS (a + 1), c TEXT GENERATED ALWAYS AS (a || ')') STORED NOT NULL)": (
        TableConstraints(
            generated=(GeneratedText("b", "a + 1", False), GeneratedText("c", "a || ')'", True))
        )
    ),
    "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE, b NOT NULL ON CONFLICT REPLACE DEFAULT -1,"
    " UNIQUE (a, b) ON CONFLICT ROLLBACK)": TableConstraints(
        keys=(KeyText(("a",), False), KeyText(("a", "b"), False)),
        conflicts=(
            ConflictText("UNIQUE", ("a",), "IGNORE"),
            ConflictText("NOT NULL", ("b",), "REPLACE"),
            ConflictText("UNIQUE", ("a", "b"), "ROLLBACK"),
        ),
    ),
    "CREATE TABLE t(a DEFAULT (1) CHECK (a), b DEFAULT 'CHECK (x)', \"unique\" INT)": (
        TableConstraints(checks=(CheckText("a", "a"),))
    ),
    "CREATE TABLE t(a INT -- CHECK (a > 1)\n, b)": TableConstraints(),
}


@pytest.mark.parametrize("sql", CASES)
def test_constraints_are_read(sql: str) -> None:
    """Each kind of constraint, with its name and clauses."""
    assert read_constraints(sql) == CASES[sql]


@pytest.mark.parametrize("end", range(0, 120, 7))
def test_cut_text_is_read_as_far_as_it_goes(end: int) -> None:
    """No text makes the reader fail."""
    sql = (
        "CREATE TABLE t(a DEFAULT -1 ON CONFLICT x CHECK(a, b REFERENCES p NOT, FOREIGN KEY(a), ON"
    )
    assert isinstance(read_constraints(sql[:end]), TableConstraints)
