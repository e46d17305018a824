"""A text too large to be held in memory, read in pieces."""

from __future__ import annotations

import codecs
import sqlite3

from dbtune.postgres.profiling.text_tally import LargeText

# A value above this is read in pieces, here and when it is copied. Below it, what a process holds
# of one row stays far under 200 MB.
LARGE_BYTES = 8 << 20
_PIECE_BYTES = 1 << 20
_BEGINNING_BYTES = 240


def read_large_text(
    connection: sqlite3.Connection, table: str, column: str, rowid: int, encoding: str
) -> LargeText:
    """Return what one value is like as text, holding a megabyte of it at a time.

    `encoding` is the database's: "utf-8", "utf-16-le" or "utf-16-be"; of a blob always the first.
    Needs Python 3.11.
    """
    blob = connection.blobopen(  # type: ignore[attr-defined,unused-ignore]
        table, column, rowid, readonly=True
    )
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    if encoding != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    size = characters = 0
    non_ascii = has_nul = False
    is_utf8 = True
    beginning = b""
    with blob:
        while True:
            piece = blob.read(_PIECE_BYTES)
            text = decoder.decode(piece, final=not piece)
            encoded = text.encode("utf-8", "surrogatepass")
            beginning = beginning or encoded[:_BEGINNING_BYTES]
            characters += len(text)
            non_ascii = non_ascii or not text.isascii()
            has_nul = has_nul or "\0" in text
            is_utf8 = is_utf8 and _has_no_surrogate(text)
            size += len(piece) if encoding == "utf-8" else len(encoded)
            if not piece:
                break
    return LargeText(size, characters, non_ascii, has_nul, is_utf8, beginning)


def _has_no_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
