"""Names and values as SQL text."""

from __future__ import annotations

import math
import re

from dbtune.model.workload import SqlValue

# https://www.sqlite.org/lang_keywords.html. SQLite takes most of these as bare names, but which
# ones differs by version, so all of them are quoted.
_KEYWORDS = frozenset(
    """
    FALSE TRUE
    ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE
    BEGIN BETWEEN BY CASCADE CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT
    CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFAULT
    DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT
    EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL
    GENERATED GLOB GROUP GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED INITIALLY INNER
    INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH MATERIALIZED
    NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER OTHERS OUTER OVER
    PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP
    REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS SAVEPOINT
    SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER UNBOUNDED UNION UNIQUE
    UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHOUT
    """.split()
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def quote_identifier(name: str) -> str:
    """Return the name as SQL, in double quotes where SQLite or a reader could mistake it."""
    if _PLAIN.match(name) and name.upper() not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def not_true(condition: str) -> str:
    """Return the SQL condition that holds where another is false or NULL.

    IS NOT TRUE would not do: in a table that has a column of that name, TRUE is the column.
    """
    return f"NOT coalesce(({condition}), 0)"


def unquote_identifier(text: str) -> str:
    """Return the name that a quoted or bare SQL identifier stands for."""
    closing = {'"': '"', "`": "`", "[": "]", "'": "'"}.get(text[:1])
    if closing is None or len(text) < 2 or text[-1] != closing:
        return text
    inner = text[1:-1]
    return inner if closing == "]" else inner.replace(closing * 2, closing)


def quote_literal(value: SqlValue) -> str:
    """Return the value as a SQL literal that reads back as the same value and type.

    Raises ValueError for a NaN, which SQL cannot write.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return _quote_text(value)
    if isinstance(value, float):
        if math.isnan(value):
            raise ValueError("NaN has no SQL literal")
        return ("-" if value < 0 else "") + "9e999" if math.isinf(value) else repr(value)
    return str(int(value))


def _quote_text(value: str) -> str:
    if "\0" in value:  # SQL text ends at a NUL, so such a value goes through its bytes
        return f"CAST(X'{value.encode().hex()}' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"
