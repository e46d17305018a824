"""Types of columns that are declared as numbers."""

from __future__ import annotations

from dbtune.model.transfer import FormCount
from dbtune.postgres.column_types.data_types import type_from_data, widened
from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.type_nouns import Choice, Notice

# https://www.postgresql.org/docs/15/datatype-numeric.html
_LARGEST_PRECISION = 1000


def integer_type(held: HeldValues) -> Choice:
    """Return bigint for integers of any declared size, and what keeps all values otherwise."""
    if held.only("integer"):
        return Choice("bigint", "integer", "integers of any size up to 64 bits")
    return widened(held, type_from_data(held))


def real_type(held: HeldValues) -> Choice:
    """Return double precision, bit for bit what SQLite has."""
    if held.only("integer", "real") and held.integers_exact_as_double:
        return Choice("double precision", "double", "8-byte floating point, as in SQLite")
    return widened(held, type_from_data(held))


def decimal_type(held: HeldValues) -> Choice:
    """Return numeric with the declared digits where every value fits them, else without limits."""
    if not held.only("integer", "real"):
        return widened(held, type_from_data(held))
    special = held.profile.form("infinity") or held.profile.form("negative-zero")
    if special is not None:
        return _beyond_numeric(held, special)
    declared = _declared_numeric(held.declared.arguments)
    if declared == "numeric" or digits_fit(held, *_digits(held.declared.arguments)):
        return Choice(declared, "decimal", "the shortest decimal of each stored number")
    choice = Choice("numeric", "decimal", f"not every value fits {declared}, and none is rounded")
    return _with_unfitting(held, choice)


def digits_fit(held: HeldValues, precision: int, scale: int) -> bool:
    """Return whether every number is known to fit numeric(precision, scale) without rounding."""
    if not held.classes:
        return True
    profile = held.profile
    whole, fraction = profile.decimal_integer_digits, profile.decimal_scale
    return profile.decimals_measured and whole <= precision - scale and fraction <= scale


def _beyond_numeric(held: HeldValues, special: FormCount) -> Choice:
    """Return the type for what numeric(p,s) cannot hold: infinities, and the sign of -0.0."""
    if held.integers_exact_as_double:
        reason = f"it holds {example_words(special)}, and all values are exact as double precision"
        return widened(held, Choice("double precision", "double", reason))
    if held.count("negative-zero"):
        return widened(held, type_from_data(held))
    return widened(held, Choice("numeric", "decimal", "numeric without limits holds Infinity, too"))


def _declared_numeric(arguments: tuple[int, ...]) -> str:
    """Return numeric with the declared digits, without any where PostgreSQL has no such type."""
    if not arguments:
        return "numeric"
    precision, scale = _digits(arguments)
    if not 1 <= precision <= _LARGEST_PRECISION or not 0 <= scale <= precision:
        return "numeric"
    return f"numeric({precision},{scale})"


def _digits(arguments: tuple[int, ...]) -> tuple[int, int]:
    return (arguments[0], arguments[1] if len(arguments) > 1 else 0) if arguments else (0, 0)


def _with_unfitting(held: HeldValues, choice: Choice) -> Choice:
    examples = [held.profile.form(f"most-digits-{side}") for side in ("before", "after")]
    shown = dict.fromkeys(example_words(form) for form in examples if form is not None)
    example = f", such as {' or '.join(shown)}" if shown else ""
    message = (
        f"{held.declared.words}, holds {held.description} with up to "
        f"{held.profile.decimal_integer_digits} digits before and {held.profile.decimal_scale} "
        f"after the point{example}; becomes numeric without limits, so that nothing is rounded."
    )
    help_text = f"--type {held.subject}=TYPE chooses another type, such as double precision"
    notice = Notice("type-widened", "medium", message, help_text)
    return Choice(choice.pg_type, choice.conversion, choice.reason, (notice,))
