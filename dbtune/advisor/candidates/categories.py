"""Which literals may make an index partial: those of a category, not of an identity.

A recording that only ever asks for `owner_id = 7` was made on a quiet day. An index WHERE
owner_id = 7 would serve nobody else; one WHERE status = 'open' serves the page it was made for.
"""

from __future__ import annotations

from dataclasses import replace

import apsw

from dbtune.advisor.statements.select_access import TableAccess
from dbtune.sqlite.identifiers import quote_identifier

# A column with more values than this tells rows apart rather than sorting them into kinds.
_MOST_VALUES = 50
_ROWS_LOOKED_AT = 100_000


class Categories:
    """Tells from the scratch copy which columns hold few distinct values; reads each once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], bool] = {}

    def keep(self, access: TableAccess) -> TableAccess:
        """Return the access with only those conditions that are NULL tests or of a category.

        More than nothing is a category too: what is in stock, owed or failed at least once.
        """
        kept = tuple(
            (sql, column)
            for sql, column in access.conditions
            if sql.endswith((" NULL", " > 0")) or self._is_category(access.table, column)
        )
        return access if kept == access.conditions else replace(access, conditions=kept)

    def _is_category(self, table: str, column: str) -> bool:
        key = (table, column)
        if key not in self._known:
            name = quote_identifier(column)
            values = self._connection.execute(
                f"SELECT count(*) FROM (SELECT DISTINCT {name} FROM (SELECT {name}"
                f" FROM {quote_identifier(table)} LIMIT {_ROWS_LOOKED_AT})"
                f" LIMIT {_MOST_VALUES + 1})"
            )
            self._known[key] = next(values)[0] <= _MOST_VALUES
        return self._known[key]
