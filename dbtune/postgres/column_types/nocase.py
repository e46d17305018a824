"""Columns that compare without case, or by another collation than SQLite's own."""

from __future__ import annotations

from dataclasses import replace

from dbtune.model.transfer import TargetFacts
from dbtune.postgres.column_types.held_values import HeldValues
from dbtune.postgres.column_types.type_nouns import Choice, Notice

_OF_POSTGRES = "PostgreSQL tells A from a in this column"


def nocase_type(held: HeldValues, choice: Choice, target: TargetFacts) -> Choice:
    """Return citext for text that is declared COLLATE NOCASE, where that means the same.

    NOCASE folds the 26 letters of ASCII and citext all that the database's locale knows, so it is
    taken only where all texts are ASCII. Source: https://www.sqlite.org/datatype3.html#collation
    """
    collation = held.column.collation.upper()
    if collation == "BINARY" or choice.conversion != "text":
        return choice
    if collation != "NOCASE":
        return replace(choice, notices=(*choice.notices, _lost_collation(held)))
    if target.citext and not held.profile.non_ascii:
        notice = Notice(
            "nocase-as-citext",
            "low",
            "declared COLLATE NOCASE, and all texts are ASCII; becomes citext, which ignores the "
            "case of all letters.",
            f"--type {held.subject}=text compares with case",
        )
        return Choice("citext", "text", "COLLATE NOCASE", (*choice.notices, notice))
    why = "not all texts are ASCII, where citext would take É for é"
    if not target.citext:
        why = "the extension citext is not there and this role may not create it"
    notice = Notice(
        "nocase-lost",
        "medium",
        f"declared COLLATE NOCASE; becomes {choice.pg_type}, since {why}: {_OF_POSTGRES}.",
        'compare lower(column COLLATE "C"), which unique indexes of the column use, too',
    )
    return replace(choice, notices=(*choice.notices, notice))


def _lost_collation(held: HeldValues) -> Notice:
    name = held.column.collation
    meaning = "ignores spaces at the end" if name.upper() == "RTRIM" else "is the application's own"
    return Notice(
        "collation-lost",
        "medium",
        f"declared COLLATE {name}, which {meaning}; PostgreSQL compares and sorts this column by "
        "its own rules.",
        "check the queries that compare or sort by it",
    )
