"""What is known of statements, found by their text in no time once one like them was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from dbtune.workload.comments import clean_statement, may_hold_comments
from dbtune.workload.fingerprint import (
    StatementForm,
    StructureKey,
    read_form,
    structure_key,
    structure_keys,
)

# Characters of text behind the keys. Below a few megabytes lists of many lengths would push each
# other out; a key costs about its text again.
_KEY_CHARACTERS = 16 << 20
_LONGEST_KEY = 64 * 1024
# Whole texts, which come again where values are bound. Of those with values in them none does, so
# more would only take memory.
_TEXT_CHARACTERS = 2 << 20
_LONGEST_TEXT = 4 * 1024

KnownT = TypeVar("KnownT")


class KnownStatements(Generic[KnownT]):
    """Asks `learn` once for each structure, and again where too much was seen in between."""

    def __init__(self, learn: Callable[[StatementForm], KnownT]) -> None:
        self._learn = learn
        self._by_key: dict[StructureKey, KnownT] = {}
        self._key_characters = 0
        self.by_text: dict[str, tuple[str, KnownT]] = {}
        self._text_characters = 0

    def find(self, text: str) -> tuple[str, KnownT] | None:
        """Return the statement in a text as it was recorded, and what is known of it.

        None where it takes care: a text with comments, of several statements, or of none.
        """
        return self.by_text.get(text) or self.find_new(text)

    def find_clean(self, statement: str) -> KnownT | None:
        """Return what is known of one statement without comments, None for an empty one."""
        key = structure_key(statement)
        return self._by_key.get(key) or self._find_new_key(key, statement)

    def find_all(self, texts: Sequence[str]) -> Iterator[tuple[str, KnownT]]:
        """Yield single statements with what is known of them; empty ones are left out."""
        for key, text in zip(structure_keys(texts), texts, strict=True):
            known = self._by_key.get(key) or self._find_new_key(key, clean_statement(text))
            if known is not None:
                yield text, known

    def forget(self) -> None:
        """Ask for everything anew."""
        self._by_key.clear()
        self._key_characters = 0
        self.by_text.clear()
        self._text_characters = 0

    def _find_new_key(self, key: StructureKey, statement: str) -> KnownT | None:
        if not statement:
            return None
        known = self._learn(read_form(statement))
        if len(statement) <= _LONGEST_KEY:
            self._key_characters += len(statement)
            if self._key_characters > _KEY_CHARACTERS:
                self._by_key.clear()
                self._key_characters = len(statement)
            self._by_key[key] = known
        return known

    def find_new(self, text: str) -> tuple[str, KnownT] | None:
        if may_hold_comments(text):
            return None
        statement = clean_statement(text)
        if ";" in statement:
            return None
        known = self.find_clean(statement)
        if known is None:
            return None
        if len(text) <= _LONGEST_TEXT:
            self._text_characters += len(text)
            if self._text_characters > _TEXT_CHARACTERS:
                self.by_text.clear()
                self._text_characters = len(text)
            self.by_text[text] = (statement, known)
        return statement, known
