"""What tables, columns, views and indexes are called on PostgreSQL, and how SQL writes it.

Names are kept exactly and always quoted, so PostgreSQL folds none of them. What it cannot take is
changed and reported: names beyond 63 bytes, empty ones, and those of its own system columns and
catalogs. Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Schema, Table, fold_name
from dbtune.postgres.requested_names import NAME_BYTES, Renames, read_renames
from dbtune.postgres.system_names import CATALOGS, SYSTEM_COLUMNS

NameMode = Literal["keep", "lower", "snake"]


_HASH_DIGITS = 8
_UNNAMED = "unnamed"

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What is no letter or digit of any alphabet: É stays a letter of a name.
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Named:
    """One name on its way. `subject` is how findings call it: "table", "table.column"."""

    kind: Literal["table", "column", "view", "index"]
    subject: str
    source: str
    target: str


@dataclass(frozen=True)
class Names:
    """The target's names of all that moves; sources are looked up as SQLite compares names."""

    named: tuple[Named, ...]
    warnings: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()

    def table(self, source: str) -> str:
        """Return a table's name. Raises KeyError for one that does not move."""
        return self._targets["table", fold_name(source)]

    def view(self, source: str) -> str:
        """Return a view's name. Raises KeyError."""
        return self._targets["view", fold_name(source)]

    def column(self, table: str, source: str) -> str:
        """Return the name of a table's or view's column. Raises KeyError."""
        return self._targets["column", fold_name(f"{table}.{source}")]

    def index(self, table: str, source: str) -> str:
        """Return the name of an index made by CREATE INDEX. Raises KeyError."""
        return self._targets["index", fold_name(f"{table}.{source}")]

    @property
    def relations(self) -> frozenset[str]:
        """The names that tables, views and indexes take in the schema."""
        return frozenset(named.target for named in self.named if named.kind != "column")

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of "table" or "table.column" and another name on PostgreSQL."""
        return tuple((n.subject, n.target) for n in self.named if n.source != n.target)

    @cached_property
    def _targets(self) -> Mapping[tuple[str, str], str]:
        return {(named.kind, fold_name(named.subject)): named.target for named in self.named}


def quote_name(name: str) -> str:
    """Return a name of PostgreSQL as SQL, always in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def unique_name(wanted: str, taken: Collection[str]) -> str:
    """Return `wanted`, cut to 63 bytes with a hash of all of it, and numbered where it is taken."""
    name = wanted if len(wanted.encode()) <= NAME_BYTES else _shortened(wanted)
    number = 0
    while name in taken:
        number += 1
        name = f"{wanted}{number}"
        if len(name.encode()) > NAME_BYTES:
            name = _shortened(wanted, number)
    return name


def choose_names(
    schema: Schema, mode: NameMode = "keep", renames: Iterable[tuple[str, str]] = ()
) -> Names:
    """Return the names of all tables, columns, views and indexes that move.

    `renames` are pairs of "table", "table.column", a view's or an index's name, and the new name.
    Names that `mode` or `renames` make equal are stops. Raises ConfigurationError for a rename of
    something that is not there, or to a name that PostgreSQL cannot take.
    """
    asked = read_renames(schema, renames)
    scopes = [
        tuple(_relations(schema)),
        *(tuple(_columns(t.name, [c.name for c in t.columns])) for t in _moving(schema)),
        *(tuple(_columns(view.name, view.columns)) for view in schema.views),
    ]
    wanted = [tuple(_wanted(named, mode, asked) for named in scope) for scope in scopes]
    fitted = [_fit(scope) for scope in wanted]
    asked_for, named = tuple(chain(*wanted)), tuple(chain(*fitted))
    return Names(
        named=named,
        warnings=tuple(
            _changed(before, after)
            for before, after in zip(asked_for, named, strict=True)
            if before.target != after.target
        ),
        stops=tuple(stop for scope in wanted for stop in _collisions(scope, mode)),
    )


def _moving(schema: Schema) -> Iterator[Table]:
    return (table for table in schema.tables if table.kind == "table")


def _relations(schema: Schema) -> Iterator[Named]:
    for table in _moving(schema):
        yield Named("table", table.name, table.name, table.name)
    for view in schema.views:
        yield Named("view", view.name, view.name, view.name)
    for table in _moving(schema):
        for index in table.indexes:
            if index.origin == "c":
                yield Named("index", f"{table.name}.{index.name}", index.name, index.name)


def _columns(table: str, columns: Iterable[str]) -> Iterator[Named]:
    for column in columns:
        yield Named("column", f"{table}.{column}", column, column)


def _wanted(named: Named, mode: NameMode, renames: Renames) -> Named:
    asked = renames.new_name(named.kind, named.subject)
    target = asked if asked is not None else _in_mode(named.source, mode)
    return replace(named, target=target)


def _in_mode(name: str, mode: NameMode) -> str:
    """Return a name as PostgreSQL folds it (ASCII only), in words where `mode` is "snake"."""
    if mode == "keep":
        return name
    words = _NO_LETTER.sub("_", _WORD_START.sub("_", name)) if mode == "snake" else name
    return fold_name(words.strip("_") or words if mode == "snake" else words)


def _fit(scope: tuple[Named, ...]) -> tuple[Named, ...]:
    """Return names that PostgreSQL takes; those that it takes as they are keep them."""
    taken = {named.target for named in scope if _obstacle(named) is None}
    fitted = []
    for named in scope:
        target = named.target
        if _obstacle(named) is not None:
            target = unique_name(_acceptable(target), taken)
            taken.add(target)
        fitted.append(replace(named, target=target))
    return tuple(fitted)


def _acceptable(name: str) -> str:
    """Return a name in place of one with an obstacle; long ones are cut where they are made one."""
    if not name or len(name.encode()) > NAME_BYTES:
        return name or _UNNAMED
    return f"{name}_"


def _obstacle(named: Named) -> str | None:
    """Return in words why PostgreSQL cannot take a name, None where it can."""
    if not named.target:
        return "PostgreSQL has no empty names"
    size = len(named.target.encode())
    if size > NAME_BYTES:
        return f"it has {size} bytes, and names on PostgreSQL at most {NAME_BYTES}"
    if named.kind == "column" and named.target in SYSTEM_COLUMNS:
        return "every table of PostgreSQL has a system column of that name"
    if named.kind in {"table", "view"} and named.target in CATALOGS:
        return "PostgreSQL's own catalog of that name would hide it"
    return None


def _changed(wanted: Named, fitted: Named) -> Finding:
    return Finding(
        code="name-changed",
        severity="low",
        subject=wanted.subject,
        message=(
            f"The {wanted.kind} {quote_name(wanted.source)} is named "
            f"{quote_name(fitted.target)}: {_obstacle(wanted)}."
        ),
        evidence=(Evidence("source_name", wanted.source), Evidence("name", fitted.target)),
        help=f"Give a name of your own: --rename '{wanted.subject}=NEW'.",
    )


def _collisions(scope: tuple[Named, ...], mode: NameMode) -> Iterator[Finding]:
    counts = Counter(named.target for named in scope)
    groups: defaultdict[str, list[Named]] = defaultdict(list)
    for named in scope:
        if counts[named.target] > 1:
            groups[named.target].append(named)
    for target, group in groups.items():
        subjects = ", ".join(f'"{named.subject}"' for named in group)
        yield Finding(
            code="name-collision",
            severity="high",
            subject=group[0].subject,
            message=f"{subjects} would all be named {quote_name(target)} (--names {mode}).",
            help=f"Use --names keep, or --rename '{group[-1].subject}=NEW'.",
        )


def _shortened(name: str, salt: int = 0) -> str:
    digest = hashlib.sha256(f"{name}\0{salt}".encode()).hexdigest()[:_HASH_DIGITS]
    room = NAME_BYTES - _HASH_DIGITS - 1
    # "ignore" drops the character that the cut went through.
    return f"{name.encode()[:room].decode(errors='ignore')}_{digest}"
