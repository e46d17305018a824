"""The type that stored values ask for by themselves, whatever was declared."""

from __future__ import annotations

from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.type_nouns import Choice, Notice

_NUMBERS = ("integer", "real")
# Declared types whose blobs may be text that was stored as bytes.
MAY_BE_TEXT = frozenset({"text", "json"})


def type_from_data(held: HeldValues) -> Choice:
    """Return the narrowest type that keeps every stored value; text for none."""
    if not held.classes:
        return Choice("text", "text", "no values to go by")
    if held.only("integer"):
        return Choice("bigint", "integer", "all values are integers")
    if held.only(*_NUMBERS):
        return _number_type(held)
    if held.only("blob"):
        return (
            Choice("bytea", "bytes", "all values are blobs")
            if _binary(held)
            else (Choice("text", "text", "all values are blobs of UTF-8 text"))
        )
    if held.only("text"):
        return Choice("text", "text", "all values are texts")
    if "blob" not in held.classes:
        return Choice("text", "text", "only text holds both, numbers by their digits")
    if _binary(held):
        return Choice("bytea", "bytes", "only bytea holds both, texts as their UTF-8")
    return Choice("text", "text", "the blobs are UTF-8 text")


def colliding_type(held: HeldValues) -> Choice:
    """Return the type of unique values that a conversion would make equal: text, as they are."""
    if "blob" in held.classes:
        return widened(held, Choice("bytea", "bytes", "converted, unique values would be equal"))
    return widened(held, Choice("text", "text", "converted, unique values would be equal"))


def _number_type(held: HeldValues) -> Choice:
    if held.integers_exact_as_double:
        return Choice("double precision", "double", "it keeps these integers and reals exactly")
    if held.count("negative-zero"):
        return Choice(
            "text", "text", "integers beyond 2^53 and -0.0 have no numeric type in common"
        )
    return Choice("numeric", "decimal", "integers beyond 2^53 are not exact as double precision")


def _binary(held: HeldValues) -> bool:
    """Return whether the blobs stay bytes: no text is declared, or it is none to PostgreSQL."""
    return held.declared.family not in MAY_BE_TEXT or held.count("blob-text") != held.blobs


def widened(held: HeldValues, choice: Choice, *, promised: str = "") -> Choice:
    """Return the choice with the warning that it is not what the declaration says."""
    empties = held.count("empty")
    offers = []
    if empties and not held.empty_as_null:
        values = "1 value is ''" if empties == 1 else f"{empties:,} values are ''"
        offers.append(f"{values}; --empty-as-null {held.subject} makes that NULL")
    offers.append(f"--type {held.subject}=TYPE chooses another type")
    # Dates show an example of every form apart.
    other = None if held.declared.is_date else held.profile.form("other")
    odd = f", {other.count:,} of another form ({example_words(other)})" if other else ""
    message = (
        f"{held.declared.words}{promised}, holds {held.description}{odd}; becomes {choice.pg_type}"
    )
    notice = Notice("type-widened", "medium", f"{message}: {choice.reason}.", ", or ".join(offers))
    return Choice(choice.pg_type, choice.conversion, choice.reason, (notice, *choice.notices))
