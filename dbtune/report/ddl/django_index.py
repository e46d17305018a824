"""One index as an entry of a Django model's Meta.indexes or Meta.constraints."""

from __future__ import annotations

import hashlib
import re

from dbtune.model.advice import IndexSpec
from dbtune.report.ddl.python_text import string_literal
from dbtune.report.ddl.terms import KeyTerm, parse_term
from dbtune.report.plain_text import printable

# models.E034, https://docs.djangoproject.com/en/5.2/ref/models/indexes/#name: Oracle's limit.
_MAX_NAME = 30
_HASH_DIGITS = 6
# Only what any field's lookup renders as it was: a number or a date would go through the field,
# and `is_active = 1` would come out as `is_active`, which SQLite takes for another condition.
_NULL_TEST = re.compile(r'(?P<column>[A-Za-z]\w*|"[A-Za-z]\w*") IS (?P<negated>NOT )?NULL', re.I)


def django_index(name: str, spec: IndexSpec) -> str:
    """Return a line for Meta.indexes, behind a comment where the name had to be shortened."""
    return _entry("models.Index", name, spec)


def django_unique(name: str, spec: IndexSpec) -> str:
    """Return a line for Meta.constraints; Django has no unique Index."""
    return _entry("models.UniqueConstraint", name, spec)


def _entry(kind: str, name: str, spec: IndexSpec) -> str:
    keys = [parse_term(term) for term in spec.terms]
    # Fields of a UniqueConstraint have no direction.
    as_fields = all(key.column is not None and key.collation is None for key in keys) and not (
        kind != "models.Index" and any(key.descending for key in keys)
    )
    arguments = [f"fields=[{', '.join(map(_field, keys))}]"] if as_fields else [*map(_term, keys)]
    short = _django_name(name)
    arguments.append(f"name={string_literal(short)}")
    if spec.where is not None:
        arguments.append(f"condition={_condition(spec.where)}")
    comment = (
        ""
        if short == name
        else f"    # {printable(name)} in the database: Django allows 30 characters\n"
    )
    return f"{comment}    {kind}({', '.join(arguments)}),\n"


def _field(key: KeyTerm) -> str:
    return string_literal(("-" if key.descending else "") + (key.column or ""))


def _term(key: KeyTerm) -> str:
    if key.column is None:
        term = f"RawSQL({_raw(key.sql)}, ())"
    elif key.collation is None:
        term = f"models.F({string_literal(key.column)})"
    else:
        column, collation = string_literal(key.column), string_literal(key.collation)
        term = f"Collate(models.F({column}), {collation})"
    return f"{term}.desc()" if key.descending else term


def _condition(where: str) -> str:
    tests = [_NULL_TEST.fullmatch(part.strip()) for part in re.split(r"\sAND\s", where, flags=re.I)]
    lookups = [
        f"{test['column'].strip(chr(34))}__isnull={not test['negated']}" for test in tests if test
    ]
    if len(lookups) == len(tests):
        return f"models.Q({', '.join(lookups)})"
    return f"models.Q(RawSQL({_raw(where)}, (), output_field=models.BooleanField()))"


def _raw(sql: str) -> str:
    """SQL for RawSQL, which Django formats with % for its parameters."""
    return string_literal(sql.replace("%", "%%"))


def _django_name(name: str) -> str:
    """A name that Django's checks allow: 30 characters, no underscore or digit first."""
    legal = name if name[:1].isalpha() else f"ix_{name.lstrip('_')}"
    if len(legal) <= _MAX_NAME:
        return legal
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{legal[: _MAX_NAME - _HASH_DIGITS - 1].rstrip('_')}_{digest}"
