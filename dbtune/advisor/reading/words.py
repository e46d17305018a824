"""SQL as words that can be compared."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.sqlite.tokens import Token, tokenize, unquote_name


def words(sql: str) -> str:
    """Return SQL without quotes, white space and differences of case."""
    return words_of(tokenize(sql))


def words_of(tokens: Iterable[Token]) -> str:
    """Return tokens as `words` does."""
    return " ".join(
        unquote_name(token).lower() if token.kind in {"word", "name"} else token.text
        for token in tokens
    )
