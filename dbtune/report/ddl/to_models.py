"""The new indexes of a report as lines for the models of an application."""

from __future__ import annotations

from collections.abc import Callable

from dbtune.model.advice import IndexSpec, Report
from dbtune.report.ddl.django_index import django_index, django_unique
from dbtune.report.ddl.python_text import string_literal, used_imports
from dbtune.report.ddl.terms import parse_term
from dbtune.report.ddl.to_ddl import is_optional
from dbtune.report.plain_text import printable

_NamedIndex = tuple[str, IndexSpec]

_SQLALCHEMY = (("sqlalchemy", ("Index", "literal_column", "text")),)
_DJANGO = (
    ("django.db", ("models",)),
    ("django.db.models.expressions", ("RawSQL",)),
    ("django.db.models.functions", ("Collate",)),
)
_NOTHING = "# No new index.\n"
# Else migrate stops at the first index: "index ... already exists".
_DJANGO_NOTE = (
    "\n# Where the indexes exist already: makemigrations, then migrate --fake for that migration.\n"
)


def to_sqlalchemy(report: Report) -> str:
    """Return Python with a `__table_args__` of `Index(...)` lines for each table.

    The lines serve a declarative class and a `Table(...)` alike, and give the same DDL.
    """
    body = _by_table(report, _sqlalchemy_block)
    return used_imports(body, _SQLALCHEMY) + body if body else _NOTHING


def to_django(report: Report) -> str:
    """Return Python with the `indexes` (and `constraints`) of class Meta for each table.

    Names of fields are taken to be those of their columns. Django allows index names of 30
    characters: a longer one is shortened, and a comment gives the one in the database.
    """
    body = _by_table(report, _django_block)
    return used_imports(body, _DJANGO) + body + _DJANGO_NOTE if body else _NOTHING


def _by_table(report: Report, block: Callable[[list[_NamedIndex]], str]) -> str:
    tables: dict[str, list[_NamedIndex]] = {}
    for name, spec in _new_indexes(report).items():
        tables.setdefault(spec.table, []).append((name, spec))
    blocks = (f"\n# table {printable(table)}\n{block(found)}" for table, found in tables.items())
    return "".join(blocks)


def _new_indexes(report: Report) -> dict[str, IndexSpec]:
    """The indexes that findings would create, by name, in the order of the findings."""
    changes = (f.change for f in report.findings if not is_optional(report, f))
    return {
        change.index_name: change.index
        for change in changes
        if change is not None
        and change.index is not None
        and change.index_name is not None
        and any(statement.lstrip().upper().startswith("CREATE") for statement in change.up)
    }


def _sqlalchemy_block(indexes: list[_NamedIndex]) -> str:
    lines = "".join(f"    {_sqlalchemy_index(name, spec)},\n" for name, spec in indexes)
    return f"__table_args__ = (\n{lines})\n"


def _sqlalchemy_index(name: str, spec: IndexSpec) -> str:
    arguments = [string_literal(name), *(_sqlalchemy_term(term) for term in spec.terms)]
    if spec.unique:
        arguments.append("unique=True")
    if spec.where is not None:
        arguments.append(f"sqlite_where={_sqlalchemy_text(spec.where)}")
    return f"Index({', '.join(arguments)})"


def _sqlalchemy_term(term: str) -> str:
    key = parse_term(term)
    plain = key.column is not None and key.collation is None and not key.descending
    return string_literal(key.column or "") if plain else _sqlalchemy_text(term)


def _sqlalchemy_text(sql: str) -> str:
    # text() would take the word behind a colon for a parameter.
    function = "literal_column" if ":" in sql or "\\" in sql else "text"
    return f"{function}({string_literal(sql)})"


def _django_block(indexes: list[_NamedIndex]) -> str:
    plain = [(name, spec) for name, spec in indexes if not spec.unique]
    unique = [(name, spec) for name, spec in indexes if spec.unique]
    block = ""
    if plain:
        block += f"indexes = [\n{''.join(django_index(*index) for index in plain)}]\n"
    if unique:
        block += f"constraints = [\n{''.join(django_unique(*index) for index in unique)}]\n"
    return block
