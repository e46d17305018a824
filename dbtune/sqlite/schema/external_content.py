"""Full-text tables that index the rows of another table and find them by rowid."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import Schema, Table
from dbtune.sqlite.schema.declarations import virtual_module
from dbtune.sqlite.tokens import inside_first_parentheses, split_at_commas, tokenize, unquote_name

_FULL_TEXT = frozenset({"fts3", "fts4", "fts5"})


@dataclass(frozen=True)
class ExternalContent:
    """A full-text table and the table whose rows it indexes.

    `by_hidden_rowid` is True where it finds them by a rowid that no column holds: VACUUM may
    renumber those (https://www.sqlite.org/lang_vacuum.html), and the index would point elsewhere.
    """

    table: str
    content: str
    by_hidden_rowid: bool


def external_contents(schema: Schema) -> tuple[ExternalContent, ...]:
    """Return the full-text tables with external content, in the order of the schema."""
    found = (_external_content(table, schema) for table in schema.tables)
    return tuple(content for content in found if content is not None)


def _external_content(table: Table, schema: Schema) -> ExternalContent | None:
    if table.kind != "virtual" or virtual_module(table.sql) not in _FULL_TEXT:
        return None
    options = _options(table.sql)
    content = schema.table(options.get("content", ""))
    if content is None:  # its own content, none at all (content=''), or a view
        return None
    hidden = "content_rowid" not in options and content.rowid_alias is None
    return ExternalContent(table.name, content.name, hidden and not content.without_rowid)


def _options(sql: str) -> dict[str, str]:
    """Return the name=value arguments of a CREATE VIRTUAL TABLE statement."""
    arguments, _ = inside_first_parentheses(tuple(tokenize(sql)))
    return {
        unquote_name(argument[0]).lower(): unquote_name(argument[2])
        for argument in split_at_commas(arguments)
        if len(argument) == 3 and argument[1].text == "="
    }
