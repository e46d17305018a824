"""The names that a user asks for: what they are of, and whether PostgreSQL takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbtune.errors import ConfigurationError
from dbtune.model.schema import Schema, fold_name
from dbtune.postgres.system_names import CATALOGS, SYSTEM_COLUMNS

NAME_BYTES = 63  # NAMEDATALEN - 1


@dataclass(frozen=True)
class Renames:
    """New names by kind ("table", "column", "view", "index") and folded subject."""

    asked: tuple[tuple[str, str, str], ...] = ()

    def new_name(self, kind: str, subject: str) -> str | None:
        """Return the name asked for, the last where asked twice; None where none is."""
        folded = fold_name(subject)
        found = [new for own_kind, own, new in self.asked if (own_kind, own) == (kind, folded)]
        return found[-1] if found else None


def read_renames(schema: Schema, renames: Iterable[tuple[str, str]]) -> Renames:
    """Return what pairs of an old and a new name ask for.

    Raises ConfigurationError for a name that nothing has, or that PostgreSQL cannot take.
    """
    pairs = tuple(renames)
    if not pairs:
        return Renames()
    known = tuple(_subjects(schema))
    return Renames(tuple(entry for old, new in pairs for entry in _read(known, old, new)))


def _subjects(schema: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name as a user writes it, and subject of all that has a name."""
    for table in schema.tables:
        if table.kind != "table":
            continue
        yield "table", fold_name(table.name), fold_name(table.name)
        for column in table.columns:
            subject = fold_name(f"{table.name}.{column.name}")
            yield "column", subject, subject
        for index in table.indexes:
            subject = fold_name(f"{table.name}.{index.name}")
            yield "index", fold_name(index.name), subject
            yield "index", subject, subject
    for view in schema.views:
        yield "view", fold_name(view.name), fold_name(view.name)
        for name in view.columns:
            subject = fold_name(f"{view.name}.{name}")
            yield "column", subject, subject


def _read(
    known: tuple[tuple[str, str, str], ...], old: str, new: str
) -> Iterator[tuple[str, str, str]]:
    folded = fold_name(old)
    found = {(kind, subject) for kind, written, subject in known if written == folded}
    if not found:
        raise ConfigurationError(
            f'--rename {old}={new}: the database has no "{old}".',
            hint="Write table=new, table.column=new, view=new or index=new.",
        )
    for kind, subject in sorted(found):
        _require_possible(kind, old, new)
        yield kind, subject, new


def _require_possible(kind: str, old: str, new: str) -> None:
    size = len(new.encode())
    reserved = SYSTEM_COLUMNS if kind == "column" else CATALOGS
    if not new:
        reason = "a name on PostgreSQL cannot be empty"
    elif size > NAME_BYTES:
        reason = f"the new name has {size} bytes, and PostgreSQL takes {NAME_BYTES}"
    elif new in reserved:
        reason = f'PostgreSQL keeps the name "{new}" for itself'
    elif "\0" in new:
        reason = "a name cannot hold NUL"
    else:
        return
    raise ConfigurationError(f"--rename {old}={new}: {reason}.", hint="Choose another name.")
