"""Which indexes can go together, so that no two findings take away what the other relies on.

Duplicates are settled first, then prefixes of another index, then what no plan uses. Each step
looks at what the steps before leave.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.identity import Same
from dbtune.advisor.reading.index_keys import Keys, is_served, keys_of, keys_of_spec
from dbtune.advisor.statements.stubs import needs_the_application
from dbtune.model.advice import Change, IndexSpec
from dbtune.model.schema import ForeignKey, Index, Table
from dbtune.sqlite.identifiers import unquote_identifier
from dbtune.sqlite.schema.index_ddl import drop_index_sql

Why = Literal["duplicate", "prefix", "unused"]

_PINNED = re.compile(
    r"\bINDEXED\s+BY\s+(\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Drop:
    """An index that can go, and the one that stands in for it: an existing or a new one."""

    index: Index
    why: Why
    keeper: Index | IndexSpec | None = None

    def change(self, reason: str) -> Change:
        """Return the statements that drop the index and build it again."""
        return Change(
            up=(drop_index_sql(self.index.name),),
            down=(self.index.sql or "",),
            reason=reason,
            index_name=self.index.name,
        )


@dataclass(frozen=True)
class _Left:
    """A table's indexes that still stand; `free` and `unused` are names in lower case."""

    table: Table
    indexes: tuple[Index, ...]
    new: tuple[tuple[IndexSpec, Keys], ...]
    free: frozenset[str]
    unused: frozenset[str]

    def without(self, drops: tuple[Drop, ...]) -> _Left:
        gone = {drop.index.name for drop in drops}
        return replace(self, indexes=tuple(i for i in self.indexes if i.name not in gone))

    def is_free(self, index: Index) -> bool:
        return index.name.lower() in self.free

    def is_unused(self, index: Index) -> bool:
        return index.name.lower() in self.unused


def planned_drops(facts: Facts, why: Why) -> tuple[Drop, ...]:
    """Return the indexes that can go for one reason, in the order of the schema."""
    return tuple(drop for drop in _all_drops(Same(facts)) if drop.why == why)


@lru_cache(maxsize=4)  # three rules ask
def _all_drops(key: Same[Facts]) -> tuple[Drop, ...]:
    facts = key.value
    pinned = _pinned_names(facts)
    unused = frozenset(name.lower() for name in facts.unused_indexes)
    found: list[Drop] = []
    for table in facts.schema.tables:
        if table.kind != "table" or not table.indexes:
            continue
        left = _left(facts, table, pinned, unused)
        for step in (_duplicates, _prefixes, _unused):
            drops = step(left)
            left = left.without(drops)
            found.extend(drops)
    return tuple(found)


def _left(facts: Facts, table: Table, pinned: frozenset[str], unused: frozenset[str]) -> _Left:
    created = (
        index
        for index in table.indexes
        if index.origin == "c" and index.sql and not needs_the_application(index, table)
    )
    folded = table.name.lower()
    return _Left(
        table=table,
        indexes=table.indexes,
        new=tuple(
            (spec, keys_of_spec(spec, table))
            for spec in facts.new_indexes
            if spec.table.lower() == folded
        ),
        free=frozenset(i.name.lower() for i in created if i.name.lower() not in pinned),
        unused=unused,
    )


def _duplicates(left: _Left) -> tuple[Drop, ...]:
    groups: dict[Keys, list[Index]] = {}
    for index in left.indexes:
        groups.setdefault(keys_of(index), []).append(index)
    drops: list[Drop] = []
    for group in groups.values():
        # A constraint stays, then a unique index, then one that plans use, then the oldest.
        keeper = min(
            group,
            key=lambda i: (i.origin == "c", not i.unique, left.is_free(i), left.is_unused(i)),
        )
        drops.extend(
            Drop(index, "duplicate", keeper)
            for index in group
            if index is not keeper and left.is_free(index)
        )
    return tuple(drops)


def _prefixes(left: _Left) -> tuple[Drop, ...]:
    drops = []
    for index in left.indexes:
        if not left.is_free(index) or index.unique:
            continue
        keeper = _stand_in(left, index)
        if keeper is not None:
            drops.append(Drop(index, "prefix", keeper))
    return tuple(drops)


def _stand_in(left: _Left, index: Index) -> Index | IndexSpec | None:
    """Return the longest index that begins with this one's keys and stays itself."""
    keys = keys_of(index)
    longer = [
        other
        for other in left.indexes
        # If only the longer one is unused, that one goes and this one stays.
        if keys.begins(keys_of(other)) and (left.is_unused(index) or not left.is_unused(other))
    ]
    if longer:
        return max(longer, key=lambda i: len(i.columns))
    if left.is_unused(index):
        return next((spec for spec, new in left.new if keys.begins(new)), None)
    return None


def _unused(left: _Left) -> tuple[Drop, ...]:
    drops: list[Drop] = []
    for index in left.indexes:
        if not left.is_free(index) or index.unique or not left.is_unused(index):
            continue
        drop = Drop(index, "unused")
        remaining = left.without((*drops, drop))
        if _keeps_foreign_keys(left, remaining):
            drops.append(drop)
    return tuple(drops)


def _keeps_foreign_keys(before: _Left, after: _Left) -> bool:
    """Return whether each foreign key that an index serves before is still served after."""
    return all(
        _serves(after, foreign_key) or not _serves(before, foreign_key)
        for foreign_key in before.table.foreign_keys
    )


def _serves(left: _Left, foreign_key: ForeignKey) -> bool:
    keys = (*(keys_of(index) for index in left.indexes), *(keys for _, keys in left.new))
    return is_served(foreign_key, left.table, keys)


def _pinned_names(facts: Facts) -> frozenset[str]:
    """Return names, in lower case, of indexes without which a statement fails: INDEXED BY."""
    texts = [view.sql for view in facts.schema.views]
    texts += [trigger.sql for trigger in facts.schema.triggers]
    for shape in facts.workload.shapes if facts.workload else ():
        texts += [shape.template, *(sample.text for sample in shape.samples)]
    return frozenset(
        unquote_identifier(match.group(1)).lower()
        for text in texts
        for match in _PINNED.finditer(text)
    )
