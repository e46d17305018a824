"""Changes as the Python text of an Alembic revision.

Indexes become op.create_index and op.drop_index; what those cannot say exactly as dbtune means it
goes through op.execute.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations.ops import (
    CreateIndexOp,
    DropIndexOp,
    ExecuteSQLOp,
    MigrateOperation,
    UpgradeOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import sqlite

from dbtune.model.advice import Change, IndexSpec
from dbtune.sqlite.identifiers import quote_identifier

_CREATE_INDEX = re.compile(r"(?is)\s*CREATE\s+(UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?(.*)\Z")
_DROP_INDEX = re.compile(r"(?is)\s*DROP\s+INDEX\s+(?:IF\s+EXISTS\s+)?(.*)\Z")
_COMMENT_WIDTH = 92
_PREPARER = sqlite.dialect().identifier_preparer


def upgrade_body(
    changes: Sequence[Change], tables: Mapping[str, str], analyze: Iterable[str]
) -> str:
    """Return the statements of upgrade(), each change under a comment with its reason.

    `tables` names the table of each index dropped; statistics of the tables in `analyze` are
    renewed at the end, so that the planner knows the new indexes everywhere the revision runs.
    """
    parts = [
        _commented(change.reason, [_up_operation(change, sql, tables) for sql in change.up])
        for change in changes
    ]
    statistics = [_execute(f"ANALYZE main.{quote_identifier(table)}") for table in analyze]
    if statistics:
        parts.append(_render(statistics))
    return _indented("\n".join(parts))


def downgrade_body(changes: Sequence[Change], tables: Mapping[str, str]) -> str:
    """Return the statements of downgrade(): the changes undone in reverse order."""
    operations = [
        _down_operation(change, sql, tables) for change in reversed(changes) for sql in change.down
    ]
    return _indented(_render(operations))


def escape_for_text(sql: str) -> str:
    """Return SQL for op.execute, which would take `:name` as a parameter, even in a literal."""
    return sql.replace(":", "\\:")


def printable(text: str) -> str:
    """Return text on one line for a comment or docstring, whatever names are in it."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text.split()))
    return shown.replace("\\", "/").replace('"""', "'''")


def _up_operation(change: Change, sql: str, tables: Mapping[str, str]) -> MigrateOperation:
    if change.index is not None and change.index_name is not None and _CREATE_INDEX.match(sql):
        return create_index_operation(change.index_name, change.index) or _execute(sql)
    return _drop_operation(change, sql, tables) or _execute(sql)


def _down_operation(change: Change, sql: str, tables: Mapping[str, str]) -> MigrateOperation:
    # An index that comes back is created from its own text: op.create_index would write the
    # same index in other words, and sqlite_master keeps the words.
    return _drop_operation(change, sql, tables) or _execute(sql)


def create_index_operation(name: str, spec: IndexSpec) -> MigrateOperation | None:
    """Return op.create_index for a definition, None where SQLAlchemy would write it otherwise."""
    texts = [term for term in spec.terms if not _is_plain(term)]
    if not (_quoted_alike(name) and _quoted_alike(spec.table)):
        return None
    # Alembic drops the backslash that keeps a colon from starting a parameter.
    if any(":" in text for text in (*texts, spec.where or "")):
        return None
    options: dict[str, Any] = {"sqlite_where": sa.text(spec.where)} if spec.where else {}
    operation = CreateIndexOp(
        name,
        spec.table,
        [term if _is_plain(term) else sa.text(term) for term in spec.terms],
        unique=spec.unique,
        if_not_exists=True,
        **options,
    )
    try:
        operation.to_index()
    except sa.exc.SQLAlchemyError:  # such as a term that comes twice, which SQLite takes
        return None
    return operation


def _drop_operation(change: Change, sql: str, tables: Mapping[str, str]) -> MigrateOperation | None:
    name = change.index_name
    if name is None or not _DROP_INDEX.match(sql) or not _quoted_alike(name):
        return None
    table = change.index.table if change.index is not None else tables.get(name)
    return DropIndexOp(name, table_name=table, if_exists=True)


def _execute(sql: str) -> MigrateOperation:
    created = _CREATE_INDEX.match(sql)
    if created:
        unique = "UNIQUE " if created.group(1) else ""
        sql = f"CREATE {unique}INDEX IF NOT EXISTS {created.group(2)}"
    dropped = _DROP_INDEX.match(sql)
    if dropped:
        sql = f"DROP INDEX IF EXISTS {dropped.group(1)}"
    return ExecuteSQLOp(escape_for_text(sql))


def _is_plain(term: str) -> bool:
    """Return whether a term is a column that needs no quotes for dbtune or for SQLAlchemy."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", term) is not None and _quoted_alike(term)


def _quoted_alike(name: str) -> bool:
    """Return whether SQLAlchemy writes a name as dbtune does.

    It does not quote some of SQLite's key words, and quotes capitals that need no quotes: the
    catalog would hold other words than the DDL that was shown.
    """
    return _PREPARER.quote(name) == quote_identifier(name)


def _commented(reason: str, operations: Sequence[MigrateOperation]) -> str:
    comment = textwrap.wrap(printable(reason), _COMMENT_WIDTH, break_long_words=False)
    return "\n".join([*(f"# {line}" for line in comment), _render(operations)])


def _render(operations: Sequence[MigrateOperation]) -> str:
    context = MigrationContext.configure(dialect_name="sqlite")
    code = render_python_code(UpgradeOps(list(operations)), migration_context=context)
    lines = (line.removeprefix("    ") for line in code.splitlines())
    return "\n".join(line for line in lines if not line.startswith("# ###"))


def _indented(body: str) -> str:
    """Return a body for the template, which indents its first line itself."""
    return textwrap.indent(body, "    ").strip()
