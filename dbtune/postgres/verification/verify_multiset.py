"""Comparison of a table without an order of its own: as a multiset of rows, in flat memory.

Each row goes by its hash of 128 bits into a bucket, which counts rows and sums hashes. Equal
buckets hold equal rows, but for chance of about one in 2^100: the hash is salted anew for each
run, so that no data can be made to collide. The rows of buckets that differ are looked at again.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any

from dbtune.postgres.verification.compared_rows import (
    Block,
    ComparedTable,
    Selection,
    source_blocks,
    target_blocks,
)
from dbtune.postgres.verification.differences import Compared, DifferenceLog
from dbtune.postgres.verification.row_pairs import OddRow, log_odd_rows, row_key
from dbtune.postgres.verification.target_columns import Target
from dbtune.postgres.verification.verify_rows import reading

# 16 rows a bucket: few enough that the rows of a differing one are cheap to look at again, and at
# most 2^16 of them, so that their sums need a few megabytes.
_ROWS_OF_A_BUCKET = 16
_BUCKETS_AT_MOST = 1 << 16
# Rows of differing buckets whose hashes are held at once, some 100 bytes each.
_HASHES_AT_MOST = 200_000
# Odd rows that are read again to be named: of each side, and bytes of both together.
_ODD_ROWS = 100
_ODD_BYTES = 16 << 20
# Marshal's form 2 writes equal values of these types as equal bytes; later ones write references.
_FORM = 2


@dataclass(frozen=True)
class Buckets:
    """How many rows each bucket has, and the sum of their hashes."""

    counts: tuple[int, ...]
    sums: tuple[int, ...]

    @property
    def rows(self) -> int:
        """The rows of all buckets."""
        return sum(self.counts)

    def __add__(self, other: Buckets) -> Buckets:
        return Buckets(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
        )

    def differing(self, other: Buckets) -> tuple[int, ...]:
        """Return the numbers of the buckets that are not equal."""
        sides = zip(self.counts, other.counts, self.sums, other.sums, strict=True)
        return tuple(i for i, (n, m, a, b) in enumerate(sides) if n != m or a != b)


def bucket_count(rows: int) -> int:
    """Return how many buckets a table of that many rows is to have: a power of two."""
    return min(_BUCKETS_AT_MOST, 1 << max(0, rows // _ROWS_OF_A_BUCKET).bit_length())


def compare_multiset(source: sqlite3.Connection, target: Target, table: ComparedTable) -> Compared:
    """Return the differences of a whole table, rows without regard to their order."""
    count = bucket_count(table.plan.rows)
    with reading(target):
        ours = source_buckets(source, table, Selection(), count)
        theirs = target_buckets(target, table, Selection(), count)
        return name_differences(source, target, table, (ours, theirs))


def source_buckets(
    source: sqlite3.Connection, table: ComparedTable, selection: Selection, count: int
) -> Buckets:
    """Return the buckets of rows of SQLite."""
    return _sum(source_blocks(source, table, selection), table.nonce, count)


def target_buckets(
    target: Target, table: ComparedTable, selection: Selection, count: int
) -> Buckets:
    """Return the buckets of rows of PostgreSQL."""
    with reading(target):
        return _sum(target_blocks(target, table, selection), table.nonce, count)


def name_differences(
    source: sqlite3.Connection,
    target: Target,
    table: ComparedTable,
    buckets: tuple[Buckets, Buckets],
) -> Compared:
    """Return what the buckets of both sides tell, with the first differences named by row.

    Where very many rows differ, `more` is at least how many there are.
    """
    ours, theirs = buckets
    log = DifferenceLog(table.plan.source)
    differing = ours.differing(theirs)
    if differing:
        looked_at = _few_enough(differing, ours, theirs)
        with reading(target):
            odd = _odd_hashes(source, target, table, (looked_at, len(ours.counts)))
            pairs = _odd_rows(source, target, table, odd)
        log_odd_rows(*pairs, table, log)
        named = {row.hash for rows in pairs for row in rows}
        log.unnamed(sum(abs(n) for h, n in odd.items() if h not in named))
        log.unnamed(len(differing) - len(looked_at))
    return log.compared(ours.rows, theirs.rows)


def _sum(blocks: Iterable[Block], nonce: bytes, count: int) -> Buckets:
    counts, sums, mask = [0] * count, [0] * count, count - 1
    for block in blocks:
        for row in zip(*block, strict=True):
            hashed = _hash(row, nonce)
            counts[hashed & mask] += 1
            sums[hashed & mask] += hashed
    return Buckets(tuple(counts), tuple(sums))


def _hash(row: tuple[Any, ...], nonce: bytes) -> int:
    digest = blake2b(marshal.dumps(row, _FORM), digest_size=16, salt=nonce).digest()
    return int.from_bytes(digest, "little")


def _few_enough(differing: Sequence[int], ours: Buckets, theirs: Buckets) -> frozenset[int]:
    """Return the first differing buckets, as many as their rows' hashes can be held of."""
    chosen: list[int] = []
    rows = 0
    for bucket in differing:
        rows += ours.counts[bucket] + theirs.counts[bucket]
        if chosen and rows > _HASHES_AT_MOST:
            break
        chosen.append(bucket)
    return frozenset(chosen)


def _odd_hashes(
    source: sqlite3.Connection,
    target: Target,
    table: ComparedTable,
    buckets: tuple[frozenset[int], int],
) -> Counter[int]:
    """Return how many more rows of each hash the source has; below 0 where the target has."""
    chosen, count = buckets
    odd: Counter[int] = Counter()
    for step, blocks in (
        (1, source_blocks(source, table, Selection())),
        (-1, target_blocks(target, table, Selection())),
    ):
        for block in blocks:
            for row in zip(*block, strict=True):
                hashed = _hash(row, table.nonce)
                if hashed & (count - 1) in chosen:
                    odd[hashed] += step
    return Counter({hashed: surplus for hashed, surplus in odd.items() if surplus})


def _odd_rows(
    source: sqlite3.Connection, target: Target, table: ComparedTable, odd: Counter[int]
) -> tuple[list[OddRow], list[OddRow]]:
    """Return rows of the source and of the target that the other side lacks, some of them."""
    located = table.plan.rowid_sql is not None
    ours = _hashed(source_blocks(source, table, Selection(), rowids=True), table, located=located)
    theirs = _hashed(target_blocks(target, table, Selection()), table, located=False)
    missing = _first(_odd(ours, odd, sign=1), _ODD_ROWS)
    keys = {row_key(row.values, table) for row in missing} - {None}
    if not keys:
        return missing, _first(_odd(theirs, odd, sign=-1), _ODD_ROWS)
    # Those that are one row with another of the source are to be among the named ones.
    paired: list[OddRow] = []
    others: list[OddRow] = []
    size = 0
    for row in _odd(theirs, odd, sign=-1):
        kept = paired if row_key(row.values, table) in keys else others
        if len(kept) < _ODD_ROWS and size < _ODD_BYTES:
            kept.append(row)
            size += row.size_bytes
    return missing, paired + others


def _hashed(blocks: Iterable[Block], table: ComparedTable, *, located: bool) -> Iterator[OddRow]:
    for block in blocks:
        rows = zip(*(block[:-1] if located else block), strict=True)
        rowids = block[-1] if located else [None] * len(block[0])
        for row, rowid in zip(rows, rowids, strict=True):
            yield OddRow(_hash(row, table.nonce), row, rowid)


def _odd(rows: Iterable[OddRow], odd: Counter[int], *, sign: int) -> Iterator[OddRow]:
    """Yield the rows whose hashes are odd on their side, not more copies of each than that."""
    copies: Counter[int] = Counter()
    for row in rows:
        if copies[row.hash] < odd.get(row.hash, 0) * sign:
            copies[row.hash] += 1
            yield row


def _first(rows: Iterable[OddRow], count: int) -> list[OddRow]:
    """Return the first rows, fewer where they are long."""
    found: list[OddRow] = []
    size = 0
    for row in islice(rows, count):
        found.append(row)
        size += row.size_bytes
        if size > _ODD_BYTES:
            break
    return found
