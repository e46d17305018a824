"""What the data says about objects: rows that a key or CHECK of PostgreSQL would refuse."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import fold_name


@dataclass(frozen=True)
class Rows:
    """Rows that were looked for: how many, and what the first are called ("rowid 2", "id=3").

    `error` says why they could not be counted.
    """

    count: int = 0
    first: tuple[str, ...] = ()
    error: str | None = None

    @property
    def described(self) -> str:
        """Return the count with examples, such as "2 rows (rowid 2, rowid 7)"."""
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        more = ", ..." if self.count > len(self.first) else ""
        return f"{rows} ({', '.join(self.first)}{more})" if self.first else rows


@dataclass(frozen=True)
class TableFacts:
    """Facts of one table.

    `orphans` and `broken_checks` stand in the order of the table's foreign keys and of its CHECKs
    as read_constraints() returns them; `null_keys` are the rows with NULL in the primary key;
    `long_keys` are pairs of an index and the bytes of its longest key, for those that came near
    PostgreSQL's limit; `largest_id` and `sequence` are what the next rowid depends on.
    `orphan_where` are conditions on the table, one a foreign key, that its orphans satisfy;
    `unproven` are positions of keys on a circle whose parent loses rows to --orphans reject.
    """

    table: str
    orphans: tuple[Rows, ...] = ()
    orphan_where: tuple[str | None, ...] = ()
    unproven: tuple[int, ...] = ()
    broken_checks: tuple[Rows, ...] = ()
    null_keys: Rows = Rows()
    long_keys: tuple[tuple[str, int], ...] = ()
    largest_id: int | None = None
    sequence: int | None = None

    def key_bytes(self, index: str) -> int:
        """Return the bytes of an index's longest key, 0 where it is far from the limit."""
        return next((size for name, size in self.long_keys if name == index), 0)


@dataclass(frozen=True)
class SourceFacts:
    """Facts of all tables; `virtual` are pairs of a virtual table and its rows, where known."""

    tables: tuple[TableFacts, ...] = ()
    virtual: tuple[tuple[str, int | None], ...] = ()

    def table(self, name: str) -> TableFacts:
        """Return a table's facts; those of a table nothing is known of are empty."""
        folded = fold_name(name)
        found = (facts for facts in self.tables if fold_name(facts.table) == folded)
        return next(found, TableFacts(name))

    def virtual_rows(self, name: str) -> int | None:
        """Return the rows of a virtual table, None where they cannot be counted."""
        return next((rows for table, rows in self.virtual if table == name), None)
