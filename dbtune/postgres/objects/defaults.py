"""Column defaults: what SQLite would store, as a default of the column's type on PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Column
from dbtune.model.transfer import ColumnPlan
from dbtune.model.workload import SqlValue
from dbtune.postgres.objects.moment_forms import (
    PresentMoment,
    normal_form,
    present_moment_sql,
    read_present_moment,
)
from dbtune.postgres.objects.typed_expressions import typed_expression
from dbtune.postgres.translation.expressions import TranslationOptions
from dbtune.postgres.translation.literals import literal_sql
from dbtune.postgres.translation.scope import Scope, affinity_of
from dbtune.sqlite.tokens import Token, tokenize

# Functions whose value is the same each time: a default of them is the value they have.
_FIXED_FUNCTIONS = frozenset(
    "abs char coalesce hex ifnull iif instr json json_array json_object length lower ltrim max min"
    " nullif printf format quote replace round rtrim sign substr substring trim typeof unicode"
    " unhex upper zeroblob cast".split()
)
_CHANGING_WORDS = ("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME")
_RANDOM_HEX = re.compile(r"(?P<lower>lower\()?hex\(randomblob\((?P<bytes>\d{1,3})\)\)\)?")
_RANDOM_BYTES = re.compile(r"randomblob\(16\)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_RANDOM_DIGITS = "replace(gen_random_uuid()::text, '-', '')"
_MOST_RANDOM_BYTES = 64


@dataclass(frozen=True)
class PlannedDefault:
    """A default, or None without one, and what the user should know of it."""

    sql: str | None
    finding: Finding | None = None


def plan_default(table: str, column: Column, plan: ColumnPlan) -> PlannedDefault:
    """Return the default of a column; one that does not translate is left out and reported."""
    if column.default_sql is None:
        return PlannedDefault(None)
    text = column.default_sql
    if _is_fixed(text):
        return _fixed_default(table, text, plan)
    moment = read_present_moment(text)
    if moment is not None:
        return _moment_default(table, text, plan, moment)
    sql = _random_default(text, plan)
    return _translated_default(table, text, plan) if sql is None else PlannedDefault(sql)


def stored_default(default_sql: str, declared_type: str) -> SqlValue:
    """Return the value that SQLite stores for a default. Raises sqlite3.Error.

    SQLite itself evaluates it, in memory: "text" and bare words are strings here, and the
    column's affinity has its say.
    """
    affinity = affinity_of(declared_type)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute(f"CREATE TABLE t (a, c {affinity} DEFAULT {default_sql}\n)")
        except sqlite3.Error:  # PRAGMA table_info drops the parentheses around an expression
            connection.execute(f"CREATE TABLE t (a, c {affinity} DEFAULT ({default_sql}\n))")
        connection.execute("INSERT INTO t (a) VALUES (NULL)")
        value: SqlValue = connection.execute("SELECT c FROM t").fetchone()[0]
        return value


def _is_fixed(text: str) -> bool:
    tokens = tuple(tokenize(text))
    if any(token.is_word(*_CHANGING_WORDS) for token in tokens):
        return False
    return all(token.text.lower() in _FIXED_FUNCTIONS for token in _called(tokens))


def _called(tokens: tuple[Token, ...]) -> Iterable[Token]:
    """Yield the names of functions, and of key words before parentheses that are none of them."""
    for token, following in pairwise(tokens):
        if token.kind == "word" and following.text == "(" and not token.is_word("IN", "AND", "OR"):
            yield token


def _fixed_default(table: str, text: str, plan: ColumnPlan) -> PlannedDefault:
    try:
        value = stored_default(text, plan.declared_type)
    except sqlite3.Error as error:
        return _lost(table, text, plan, f"SQLite cannot evaluate it ({error})")
    if value is None:
        return PlannedDefault(None)
    sql = literal_sql(value, plan)
    if sql is None:
        return _lost(table, text, plan, f"its value is none of type {plan.pg_type}")
    return PlannedDefault(sql)


def _moment_default(
    table: str, text: str, plan: ColumnPlan, moment: PresentMoment
) -> PlannedDefault:
    sql = present_moment_sql(moment, plan)
    if sql is None:
        return _lost(table, text, plan, f"its value is none of type {plan.pg_type}")
    if not moment.local:
        return PlannedDefault(sql)
    why = "the TimeZone of the PostgreSQL session now decides what local time is"
    return PlannedDefault(sql, _differs(table, text, plan, (why,)))


def _random_default(text: str, plan: ColumnPlan) -> str | None:
    normal = normal_form(text)
    if plan.pg_type == "uuid":
        return "gen_random_uuid()" if "randomblob" in normal else None
    if plan.conversion == "bytes" and _RANDOM_BYTES.fullmatch(normal):
        return f"decode({_RANDOM_DIGITS}, 'hex')"
    if plan.conversion != "text":
        return None
    found = _RANDOM_HEX.fullmatch(normal)
    if found is not None and 0 < int(found["bytes"]) <= _MOST_RANDOM_BYTES:
        return _random_hex(int(found["bytes"]), upper=found["lower"] is None)
    return _random_uuid_text(text) if "randomblob" in normal else None


def _random_hex(size: int, *, upper: bool) -> str:
    digits = " || ".join([_RANDOM_DIGITS] * -(-size // 16))
    if size % 16:
        digits = f"left({digits}, {2 * size})"
    return f"upper({digits})" if upper else f"({digits})"


def _random_uuid_text(text: str) -> str | None:
    """Return a random UUID's text where the expression makes one, as seen on a few of its values.

    https://sqlite.org and its users have no function for it, and spell it in many ways.
    """
    try:
        values = [stored_default(text, "TEXT") for _ in range(5)]
    except sqlite3.Error:
        return None
    texts = [value for value in values if isinstance(value, str) and _UUID.match(value)]
    if len(texts) < len(values):
        return None
    if all(value == value.lower() for value in texts):
        return "gen_random_uuid()::text"
    return "upper(gen_random_uuid()::text)" if all(v == v.upper() for v in texts) else None


def _translated_default(table: str, text: str, plan: ColumnPlan) -> PlannedDefault:
    translation = typed_expression(text, plan, Scope(), TranslationOptions())
    if translation.sql is None:
        return _lost(table, text, plan, "; ".join(translation.problems))
    differs = _differs(table, text, plan, translation.differences)
    return PlannedDefault(f"({translation.sql})", differs)


def _lost(table: str, text: str, plan: ColumnPlan, why: str) -> PlannedDefault:
    return PlannedDefault(
        None,
        Finding(
            code="default-not-kept",
            severity="medium",
            subject=f"{table}.{plan.source}",
            message=f"{table}.{plan.source} loses its default {text}: {why}.",
            evidence=(Evidence("default_sql", text),),
            help="Set a default by hand: ALTER TABLE ... ALTER COLUMN ... SET DEFAULT ...",
        ),
    )


def _differs(
    table: str, text: str, plan: ColumnPlan, differences: tuple[str, ...]
) -> Finding | None:
    if not differences:
        return None
    return Finding(
        code="default-differs",
        severity="low",
        subject=f"{table}.{plan.source}",
        message=f"The default {text} of {table}.{plan.source}: {'; '.join(differences)}.",
        evidence=(Evidence("default_sql", text),),
    )
