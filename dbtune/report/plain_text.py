"""Plain text: made harmless, on one line, wrapped and shortened by display width."""

from __future__ import annotations

import unicodedata

from wcwidth import clip, wcswidth, wrap

# Joiners are part of emoji and of Indic and Persian words; they cannot move a cursor.
_HARMLESS = frozenset("\u200c\u200d")
_ELLIPSIS = "..."
# One word of 10,000 characters takes 0.1 s to be wrapped, and of a million a quarter of an hour.
_LONGEST_PROSE = 10_000


def printable(text: str) -> str:
    """Return text in which whatever could steer a terminal or fake a line is an escape.

    Control characters, escape sequences, line breaks, direction overrides and lone surrogates
    become `\\n`, `\\x1b`, `\\u202e` and so on; letters of every script stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else _escape(char) for char in text)


def one_line(text: str) -> str:
    """Return SQL or a plan on one line: runs of white space become one space, then printable."""
    return printable(" ".join(text.split()))


def wrap_text(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """Return harmless text as lines of at most `width` columns, each behind its indent.

    What nobody reads on a terminal is cut: beyond some thousand characters it ends in dots.
    """
    if len(text) > _LONGEST_PROSE:
        text = text[:_LONGEST_PROSE] + _ELLIPSIS
    return _wrapped(text, width, indent, hanging, break_words=True)


def wrap_words(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """Return the same with each word whole, however long, as of names that are to be copied."""
    return _wrapped(text, width, indent, hanging, break_words=False)


def _wrapped(
    text: str, width: int, indent: str, hanging: str | None, *, break_words: bool
) -> list[str]:
    return wrap(
        printable(text),
        max(width, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=break_words,
        break_on_hyphens=False,
    )


def display_width(text: str) -> int:
    """Return the columns that harmless text takes; wide characters take two."""
    return max(wcswidth(text), 0)


def shorten(text: str, width: int) -> str:
    """Return harmless text in at most `width` columns, ending in ... where it was cut."""
    if display_width(text) <= width:
        return text
    return clip(text, 0, max(width - len(_ELLIPSIS), 1)).rstrip() + _ELLIPSIS


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char in _HARMLESS or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
