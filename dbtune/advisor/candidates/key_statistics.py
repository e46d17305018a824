"""Estimated sqlite_stat1 lines for indexes that do not exist, from a sample of each table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apsw

from dbtune.advisor.candidates.row_sample import sample_rows
from dbtune.model.advice import IndexSpec
from dbtune.model.schema import Table
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.tokens import tokenize, unquote_name

# What an entry costs beside its values: cell pointer, payload and header sizes, a rowid.
_ENTRY_BYTES = 5
_ROWID_BYTES = 4
# Pages are never quite full, and inner pages come on top.
_PAGE_FILL = 1.05
# Whole numbers take 0 to 8 bytes: https://www.sqlite.org/fileformat2.html#record_format
_INTEGER_BYTES = ((1, 1), (1 << 7, 2), (1 << 15, 3), (1 << 23, 4), (1 << 31, 5), (1 << 47, 7))


@dataclass(frozen=True)
class KeyEstimate:
    """The sqlite_stat1 line an index would get, and about how many bytes it would take."""

    stat1: str
    size_bytes: int


class TableSample:
    """Rows of one table, kept in memory so that the keys of `specs` can be estimated.

    Reads the scratch copy once, and only the columns that the indexes mention: others may hold
    megabytes a row.
    """

    def __init__(
        self, connection: apsw.Connection, table: Table, rows: int, specs: Iterable[IndexSpec]
    ) -> None:
        self._rows = rows
        self._table = table
        self._memory = apsw.Connection(":memory:")
        columns = _mentioned(table, specs)
        self._name = quote_identifier(table.name)
        declared = ", ".join(
            f"{quote_identifier(c.name)} {_affinity_name(c.declared_type)}{_collation(c.collation)}"
            for c in table.columns
        )
        self._memory.execute(f"CREATE TABLE {self._name} ({declared})")
        listed = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        with self._memory:
            self._memory.executemany(
                f"INSERT INTO {self._name} ({listed}) VALUES ({marks})",
                sample_rows(connection, table, columns, rows),
            )
        self._values: dict[tuple[str, str | None], list[Any]] = {}
        self._averages: dict[tuple[frozenset[str], str | None], int] = {}
        self._widths: dict[tuple[str, str | None], float] = {}

    def estimate(self, spec: IndexSpec) -> KeyEstimate:
        """Return the estimate for an index of this table.

        Raises apsw.SQLError where a term cannot be evaluated (an application's function, say).
        """
        terms = [_without_direction(term) for term in spec.terms]
        sampled = len(self._term_values(terms[0], spec.where))
        total = self._scale(sampled, spec.where)
        averages = [
            self._average(frozenset(terms[:width]), spec.where, sampled, total)
            for width in range(1, len(terms) + 1)
        ]
        line = " ".join(str(number) for number in (max(1, round(total)), *averages))
        entry_bytes = _ENTRY_BYTES + sum(
            self._mean_bytes(term, spec.where) for term in (*terms, *self._identity())
        )
        if not self._table.without_rowid:
            entry_bytes += _ROWID_BYTES
        return KeyEstimate(line, int(total * entry_bytes * _PAGE_FILL))

    def close(self) -> None:
        """Free the sample."""
        self._memory.close()

    def _identity(self) -> tuple[str, ...]:
        """Return the columns that every entry of a WITHOUT ROWID table's index ends with."""
        if not self._table.without_rowid:
            return ()
        return tuple(quote_identifier(name) for name in self._table.primary_key)

    def _term_values(self, term: str, where: str | None) -> list[Any]:
        key = (term, where)
        if key not in self._values:
            condition = f" WHERE {where}" if where else ""
            self._values[key] = [
                value
                for (value,) in self._memory.execute(f"SELECT {term} FROM {self._name}{condition}")
            ]
        return self._values[key]

    def _average(self, terms: frozenset[str], where: str | None, sampled: int, total: float) -> int:
        # How many keys there are does not depend on their order, and candidates share prefixes.
        key = (terms, where)
        if key not in self._averages:
            columns = [self._term_values(term, where) for term in sorted(terms)]
            keys: Counter[Any] = Counter(zip(*columns, strict=True))
            self._averages[key] = _rows_per_key(keys, sampled, total)
        return self._averages[key]

    def _mean_bytes(self, term: str, where: str | None) -> float:
        key = (term, where)
        if key not in self._widths:
            values = self._term_values(term, where)
            self._widths[key] = sum(map(_bytes, values)) / len(values) if values else 1.0
        return self._widths[key]

    def _scale(self, sampled: int, where: str | None) -> float:
        whole = len(self._term_values("1", None))
        return self._rows * sampled / whole if whole else 0.0


def _mentioned(table: Table, specs: Iterable[IndexSpec]) -> tuple[str, ...]:
    """Return the columns that indexes mention, quoted; the key of WITHOUT ROWID with them."""
    texts = (text for spec in specs for text in (*spec.terms, spec.where or ""))
    words = {
        unquote_name(token).lower()
        for text in dict.fromkeys(texts)
        for token in tokenize(text)
        if token.kind in {"word", "name"}
    }
    key = set(table.primary_key) if table.without_rowid else set()
    kept = [c.name for c in table.columns if c.name in key or c.name.lower() in words]
    # A table of expressions without columns has rows to count all the same.
    names = kept or [column.name for column in table.columns[:1]]
    return tuple(quote_identifier(name) for name in names)


def _rows_per_key(keys: Counter[Any], sampled: int, total: float) -> int:
    """Return stat1's average rows a key, scaled up by the estimator PostgreSQL uses as well.

    Haas and Stokes, Duj1: n*d / (n - f1 + f1*n/N), with f1 the keys seen once.
    Rounding as https://www.sqlite.org/fileformat2.html#stat1tab describes.
    """
    if not sampled:
        return 1
    distinct = len(keys)
    once = Counter(keys.values())[1]
    estimated = sampled * distinct / max(1e-9, sampled - once + once * sampled / total)
    estimated = min(total, max(distinct, estimated))
    average = max(1, math.ceil(total / estimated - 1e-9))
    return 1 if average == 2 and total * 10 <= estimated * 11 else average


def _bytes(value: Any) -> int:
    if value is None:
        return 1
    if isinstance(value, (str, bytes)):
        return len(value) + (1 if len(value) < 58 else 2)
    if isinstance(value, int):
        return next((size for limit, size in _INTEGER_BYTES if -limit <= value <= limit), 9)
    return 9


def _without_direction(term: str) -> str:
    return term[: -len(" DESC")] if term.endswith(" DESC") else term


def _affinity_name(declared_type: str) -> str:
    # The type itself could hold anything; only its affinity matters here, by the rules of
    # https://www.sqlite.org/datatype3.html#determination_of_column_affinity.
    upper = declared_type.upper()
    if "INT" in upper:
        return "INTEGER"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not upper or "BLOB" in upper:
        return "BLOB"
    return "REAL" if any(word in upper for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def _collation(name: str) -> str:
    return f" COLLATE {name}" if name.upper() in {"NOCASE", "RTRIM"} else ""
