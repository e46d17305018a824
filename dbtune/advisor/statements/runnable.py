"""A statement as it runs on the scratch copy, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from dbtune.model.workload import SqlValue


@dataclass(frozen=True)
class Statement:
    """One runnable statement of a shape, as SQLite prepares it."""

    text: str
    parameters: tuple[SqlValue, ...] | dict[str, SqlValue] = ()


def readable_rows(cursor: apsw.Cursor) -> Iterator[tuple[SqlValue, ...] | None]:
    """Yield the rows, None for each whose text is not UTF-8 and so cannot reach Python."""
    while True:
        try:
            yield from cursor
            return
        except UnicodeDecodeError:
            yield None
