"""Types of columns that are declared as text, blob, boolean, JSON or UUID, or without a type."""

from __future__ import annotations

from dbtune.postgres.column_types.data_types import type_from_data, widened
from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.type_nouns import Choice, Notice

# https://www.postgresql.org/docs/15/datatype-character.html
_LONGEST_VARCHAR = 10_485_760
# What names of no known type say of a column that holds nothing.
_COUNTER_NAMES = frozenset({"SERIAL", "BIGSERIAL", "SMALLSERIAL", "AUTONUMBER", "COUNTER"})
_BINARY_NAMES = frozenset({"BYTEA", "BINARY", "VARBINARY", "LONGVARBINARY", "IMAGE"})


def text_type(held: HeldValues, *, varchar_keep: bool) -> Choice:
    """Return text; varchar(n) only where that is asked for and every value fits."""
    if not held.only("text"):
        return widened(held, type_from_data(held))
    limit = _declared_limit(held)
    if not varchar_keep or limit is None:
        return Choice("text", "text", "text of any length")
    if held.profile.longest_characters <= limit:
        return Choice(f"varchar({limit})", "text", f"every value has at most {limit} characters")
    choice = Choice("text", "text", f"not every value fits varchar({limit}), and none is cut")
    message = (
        f"{held.declared.words}, holds texts of up to {held.profile.longest_characters:,} "
        "characters; becomes text."
    )
    help_text = f"shorten them in SQLite first, or --type {held.subject}=varchar(N) with a larger N"
    notice = Notice("varchar-too-long", "medium", message, help_text)
    return Choice(choice.pg_type, choice.conversion, choice.reason, (notice,))


def blob_type(held: HeldValues) -> Choice:
    """Return bytea; text where all values are texts that PostgreSQL takes."""
    if held.only("blob"):
        return Choice("bytea", "bytes", "bytes as they are")
    if held.only("text") and held.profile.problems:
        kept = Choice(
            "bytea", "bytes", "not all texts are text to PostgreSQL, and bytea keeps them"
        )
        return widened(held, kept)
    choice = type_from_data(held)
    if held.only("text"):
        return _noticed(held, choice, "all values are texts", "bytea")
    return widened(held, choice)


def boolean_type(held: HeldValues) -> Choice:
    """Return boolean where all values mean true or false beyond doubt."""
    integers_fit = not held.integers or held.integers_within(0, 1)
    texts_fit = not held.texts or held.all_texts("true-false")
    if held.only("integer", "text") and integers_fit and texts_fit:
        return Choice("boolean", "boolean", "every value is 0, 1, true or false")
    odd = held.profile.form("not-boolean")
    example = f" ({example_words(odd)} is neither true nor false)" if odd else ""
    return widened(held, type_from_data(held), promised=example)


def uuid_type(held: HeldValues) -> Choice:
    """Return uuid where every value is one as text or as 16 bytes."""
    if is_uuid(held):
        return Choice("uuid", "uuid", "every value is a UUID, as text or as 16 bytes in order")
    return widened(held, type_from_data(held))


def is_uuid(held: HeldValues) -> bool:
    """Return whether every value is a UUID as text of 36 or 32 characters, or 16 bytes."""
    texts_fit = not held.texts or held.all_texts("uuid", "hex32")
    blobs_fit = not held.blobs or held.count("uuid-bytes") == held.blobs
    return held.only("text", "blob") and texts_fit and blobs_fit


def json_type(held: HeldValues) -> Choice:
    """Return jsonb where that keeps all there is, json where the text has to stay as it is."""
    if not held.only("text", "integer", "real") or held.count("infinity"):
        return widened(held, type_from_data(held))
    if not held.texts or held.all_texts("json"):
        return Choice("jsonb", "jsonb", "every value is JSON")
    if held.all_texts("json", "json-duplicate-keys", "json-unfit"):
        return _verbatim_json(held)
    return widened(held, type_from_data(held))


def any_type(held: HeldValues) -> Choice:
    """Return what the data asks for, and say so."""
    choice = type_from_data(held)
    if len(held.classes) > 1:
        return widened(held, choice)
    return _noticed(held, choice, choice.reason, "")


def other_type(held: HeldValues) -> Choice:
    """Return what the data asks for in a column of a name that no database knows."""
    if not held.classes and held.declared.name in _BINARY_NAMES:
        return Choice("bytea", "bytes", "bytes, as the name says")
    if not held.classes and held.declared.name in _COUNTER_NAMES:
        return Choice("bigint", "integer", "integers, as the name says")
    choice = type_from_data(held)
    if len(held.classes) > 1:
        return widened(held, choice)
    return _noticed(held, choice, choice.reason, "")


def _noticed(held: HeldValues, choice: Choice, why: str, instead: str) -> Choice:
    other = f"={instead}" if instead else "=TYPE"
    notice = Notice(
        "type-from-data",
        "low",
        f"{held.declared.words}, holds {held.description}; becomes {choice.pg_type}: {why}.",
        f"--type {held.subject}{other} chooses otherwise",
    )
    return Choice(choice.pg_type, choice.conversion, choice.reason, (notice,))


def _verbatim_json(held: HeldValues) -> Choice:
    found = [held.profile.form(form) for form in ("json-duplicate-keys", "json-unfit")]
    examples = "; ".join(
        f"{form.count:,} with {_JSON_WORDS[form.form]} ({example_words(form)})"
        for form in found
        if form is not None
    )
    notice = Notice(
        "json-verbatim",
        "low",
        f"{held.declared.words}, holds {held.description}, {examples}; becomes json, which keeps "
        "the text as it is.",
        f"--type {held.subject}=text chooses otherwise",
    )
    return Choice("json", "json", "jsonb would lose or refuse some values", (notice,))


_JSON_WORDS = {
    "json-duplicate-keys": "a key twice in one object",
    "json-unfit": "\\u0000, half a surrogate pair or a number too large for jsonb",
}


def _declared_limit(held: HeldValues) -> int | None:
    """Return n of VARCHAR(n), CHAR(n) and their kin, None where there is none."""
    arguments = held.declared.arguments
    if "CHAR" not in held.declared.name or len(arguments) != 1:
        return None
    return arguments[0] if 1 <= arguments[0] <= _LONGEST_VARCHAR else None
