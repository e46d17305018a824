"""What only the text of a CREATE statement tells."""

from __future__ import annotations

import pytest

from dbtune.sqlite.schema.declarations import (
    IndexDeclaration,
    read_index_declaration,
    read_table_declaration,
    virtual_module,
)


@pytest.mark.parametrize(
    ("sql", "collations"),
    [
        ("CREATE TABLE t (a, b)", ()),
        ("CREATE TABLE t (a TEXT COLLATE NOCASE, b)", (("a", "NOCASE"),)),
        ('CREATE TABLE t ("A b" collate "my coll")', (("a b", "my coll"),)),
        ("CREATE TABLE t ([a] TEXT NOT NULL DEFAULT (',)') COLLATE rtrim)", (("a", "rtrim"),)),
        ("CREATE TABLE t (a CHECK (a COLLATE NOCASE != 'x'), b)", ()),
        ("CREATE TABLE t (a COLLATE BINARY COLLATE NOCASE)", (("a", "NOCASE"),)),
        ("CREATE TABLE t (a /* COLLATE NOCASE */ , b -- COLLATE RTRIM\n)", ()),
        ("CREATE TABLE t (a DEFAULT 'COLLATE NOCASE', b)", ()),
        ("CREATE TABLE t (a, PRIMARY KEY (a COLLATE NOCASE))", ()),
        ("CREATE TABLE t (a, CONSTRAINT x UNIQUE (a COLLATE NOCASE) )", ()),
        ('CREATE TABLE t ("check" TEXT COLLATE NOCASE)', (("check", "NOCASE"),)),
    ],
)
def test_collations_are_those_of_columns(sql: str, collations: tuple[tuple[str, str], ...]) -> None:
    """Not those within CHECK, keys, strings or comments."""
    assert read_table_declaration(sql).collations == collations


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE INDEX i ON t (a)", IndexDeclaration(("a",), None)),
        ("CREATE INDEX i ON t(a, b DESC)", IndexDeclaration(("a", "b"), None)),
        (
            'CREATE INDEX "ON (x)" ON "t,(" ("a, b" COLLATE NOCASE ASC, (b))',
            IndexDeclaration(('"a, b"', "(b)"), None),
        ),
        (
            "CREATE INDEX i ON t (max(a, b) COLLATE 'x' DESC) WHERE a IN (1, 2) -- why",
            IndexDeclaration(("max(a, b)",), "a IN (1, 2)"),
        ),
        (
            "CREATE INDEX i ON t (a COLLATE NOCASE || b)",
            IndexDeclaration(("a COLLATE NOCASE || b",), None),
        ),
        (
            "CREATE INDEX i ON t (CASE WHEN a THEN ')' ELSE \",\" END)where\n a='WHERE';",
            IndexDeclaration(("CASE WHEN a THEN ')' ELSE \",\" END",), "a='WHERE'"),
        ),
    ],
)
def test_terms_and_condition_of_an_index(sql: str, expected: IndexDeclaration) -> None:
    """Commas and parentheses within names, strings and calls do not divide terms."""
    assert read_index_declaration(sql) == expected


@pytest.mark.parametrize(
    ("sql", "module"),
    [
        ("CREATE VIRTUAL TABLE f USING fts5(x)", "fts5"),
        ('CREATE VIRTUAL TABLE "using" USING "My Module"(x, y)', "my module"),
        ("CREATE TABLE f (using_virtual)", None),
        ("CREATE VIRTUAL TABLE broken", ""),
    ],
)
def test_the_module_of_a_virtual_table(sql: str, module: str | None) -> None:
    """In lower case; None for what is not virtual."""
    assert virtual_module(sql) == module
