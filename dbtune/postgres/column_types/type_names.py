"""PostgreSQL's type names as users write them, in the one spelling that plans use."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbtune.postgres.column_types.date_types import DATE, TIME, TIMESTAMP, TIMESTAMPTZ

_ALIASES = {
    "int2": "smallint",
    "smallint": "smallint",
    "int": "integer",
    "int4": "integer",
    "integer": "integer",
    "int8": "bigint",
    "bigint": "bigint",
    "real": "real",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "double precision": "double precision",
    "double": "double precision",
    "numeric": "numeric",
    "decimal": "numeric",
    "bool": "boolean",
    "boolean": "boolean",
    "text": "text",
    "varchar": "varchar",
    "character varying": "varchar",
    "citext": "citext",
    "bytea": "bytea",
    "blob": "bytea",
    "timestamp": TIMESTAMP,
    TIMESTAMP: TIMESTAMP,
    "datetime": TIMESTAMP,
    "timestamptz": TIMESTAMPTZ,
    TIMESTAMPTZ: TIMESTAMPTZ,
    "date": DATE,
    "time": TIME,
    TIME: TIME,
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
    # How numbers become timestamps; no type names of PostgreSQL.
    "epoch_s": "epoch_s",
    "epoch_ms": "epoch_ms",
    "epoch_us": "epoch_us",
    "cocoa": "cocoa",
}
_ARGUMENTS = re.compile(r"\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)")
_TAKES_ARGUMENTS = frozenset({"numeric", "varchar", TIMESTAMP, TIMESTAMPTZ, TIME})

KNOWN_TYPES = tuple(sorted(set(_ALIASES.values())))


@dataclass(frozen=True)
class TypeName:
    """A type that values can be converted to. `text` is DDL; `arguments` as in numeric(10,2)."""

    name: str
    arguments: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The type as DDL: "numeric(10,2)", "timestamp(3) with time zone"."""
        if not self.arguments:
            return self.name
        inside = f"({','.join(map(str, self.arguments))})"
        first, _, rest = self.name.partition(" ")
        return f"{first}{inside} {rest}" if rest else f"{first}{inside}"


def parse_type(text: str) -> TypeName | None:
    """Return the type of a name as written in DDL, None for one that no value is converted to."""
    found = _ARGUMENTS.search(text)
    bare = " ".join((text[: found.start()] + " " + text[found.end() :] if found else text).split())
    name = _ALIASES.get(bare.lower().removeprefix("public."))
    if name is None:
        return None
    if found is None:
        return TypeName(name)
    if name not in _TAKES_ARGUMENTS:
        return None
    return TypeName(name, tuple(int(part) for part in found.groups() if part is not None))
