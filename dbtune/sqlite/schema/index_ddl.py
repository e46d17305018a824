"""The name and the DDL of an index."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

from dbtune.model.advice import IndexSpec
from dbtune.sqlite.identifiers import quote_identifier

# PostgreSQL cuts names at 63 bytes, and the index should keep its name after a migration.
_MAX_NAME = 60
_HASH_DIGITS = 8


def index_name(spec: IndexSpec, taken: Collection[str]) -> str:
    """Return `ix_<table>_<columns>`, shortened with a hash where it is long or in `taken`.

    The hash is of the index's definition, so the same index gets the same name everywhere.
    """
    words = [spec.table, *(_word(term) for term in spec.terms)]
    plain = "ix_" + "_".join(_slug(word) for word in words) + ("_partial" if spec.where else "")
    used = {name.lower() for name in taken}
    if len(plain) <= _MAX_NAME and plain.lower() not in used:
        return plain
    definition = "\0".join((spec.table, *spec.terms, spec.where or ""))
    digest = hashlib.sha256(definition.encode("utf-8", "surrogatepass")).hexdigest()
    for salt in range(len(used) + 1):
        suffix = digest[salt : salt + _HASH_DIGITS]
        name = f"{plain[: _MAX_NAME - _HASH_DIGITS - 1].rstrip('_')}_{suffix}"
        if name.lower() not in used:
            return name
    raise AssertionError("more names are taken than a digest has windows")


def create_index_sql(name: str, spec: IndexSpec) -> str:
    """Return the CREATE INDEX statement on one line, without a semicolon."""
    unique = "UNIQUE " if spec.unique else ""
    where = f" WHERE {spec.where}" if spec.where else ""
    return (
        f"CREATE {unique}INDEX {quote_identifier(name)} "
        f"ON {quote_identifier(spec.table)} ({', '.join(spec.terms)}){where}"
    )


def drop_index_sql(name: str) -> str:
    """Return the DROP INDEX statement on one line, without a semicolon."""
    return f"DROP INDEX {quote_identifier(name)}"


def _word(term: str) -> str:
    bare = re.sub(r"(?i)\s+(COLLATE\s+\S+|ASC)(?=\s|$)", "", term)
    return bare.replace('"', "")


def _slug(word: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "_", word).strip("_").lower() or "x"
