"""Recorded values as the parameters of a translated statement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dbtune.model.workload import Parameters, SqlValue
from dbtune.postgres.translation.coercion import numeric_prefix, text_of
from dbtune.postgres.translation.translator import ParameterPlan


class UnfitValue(Exception):
    """A value that the type of its parameter does not take; the message says which."""


def bound_values(plans: Sequence[ParameterPlan], parameters: Parameters) -> tuple[object, ...]:
    """Return the values of `$1`, `$2` and so on, in the types that psycopg sends as theirs.

    Without values all are NULL. Raises UnfitValue.
    """
    return tuple(_bound(plan, _value(plan, parameters)) for plan in plans)


def _value(plan: ParameterPlan, parameters: Parameters) -> SqlValue:
    if parameters is None:
        return None
    if isinstance(parameters, Mapping):
        name = str(plan.number) if plan.name is None else plan.name[1:]
        return parameters.get(name)
    return parameters[plan.number - 1] if plan.number <= len(parameters) else None


def _bound(plan: ParameterPlan, value: SqlValue) -> object:
    if value is None:
        return None
    if plan.pg_type == "bytea":
        return value if isinstance(value, bytes) else text_of(value).encode()
    if plan.pg_type == "boolean":
        return bool(numeric_prefix(value))
    if isinstance(value, bytes):
        raise UnfitValue(f"a blob is no {plan.pg_type}")
    if isinstance(value, str):
        if "\0" in value:
            raise UnfitValue("PostgreSQL takes no NUL in a text")
        return value
    if plan.pg_type.startswith("timestamp"):
        raise UnfitValue(f"the number {value} is no {plan.pg_type}")
    if plan.pg_type == "bigint" and isinstance(value, float):
        if not value.is_integer():
            raise UnfitValue(f"{value!r} is no bigint")
        value = int(value)
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    # As text, which PostgreSQL reads as the type that the statement names.
    return text_of(value) if plan.pg_type == "text" else repr(value)
