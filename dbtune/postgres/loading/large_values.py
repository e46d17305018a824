"""Copying one row whose values are too long to hold in memory: they go by pieces of 1 MB."""

from __future__ import annotations

import codecs
import sqlite3
from binascii import hexlify
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.loading.copy_errors import copy_error, value_error
from dbtune.postgres.loading.encode import EncodeError, column_encoder, escape
from dbtune.postgres.loading.part_rows import read_error, row_name
from dbtune.postgres.loading.table_part import TablePart, column_term, copy_sql, select_sql
from dbtune.postgres.workers.worker import Worker

_PIECE_BYTES = 1 << 20

Pieces = Iterator[bytes]


def copy_large_row(
    worker: Worker, part: TablePart, target: psycopg.Connection[Any], schema: str
) -> int:
    """Copy the one row of a part within the target's open transaction; return 1.

    0 where the plan keeps the row back. Raises as `copy_rows` does.
    """
    try:
        with target.cursor() as cursor, cursor.copy(copy_sql(part, schema, binary=False)) as copy:
            row = _read_row(worker.sqlite, part)
            if row is None:
                return 0
            for position, pieces in enumerate(row):
                if position:
                    copy.write(b"\t")
                for piece in pieces:
                    copy.write(piece)
            copy.write(b"\n")
    except EncodeError as error:
        raise value_error(error, part.table, f"rowid {part.large_rowid}") from error
    except sqlite3.DatabaseError as error:
        raise read_error(worker.sqlite, part, error) from error
    except psycopg.Error as error:
        raise copy_error(error, part.table, partial(row_name, worker.sqlite, part)) from error
    worker.report(1)
    return 1


def _read_row(connection: sqlite3.Connection, part: TablePart) -> list[Pieces] | None:
    """Return the pieces of each column's field, None where there is no such row."""
    columns = part.table.loaded_columns
    large = {name for rowid, name, _ in part.table.large_values if rowid == part.large_rowid}
    # typeof() tells the storage class without reading the value.
    terms = tuple(
        f"typeof({column_term(c)})" if c.source in large else column_term(c) for c in columns
    )
    row = connection.execute(select_sql(part, terms)).fetchone()
    if row is None:
        return None
    return [
        _large_field(connection, part, column, value == b"text")
        if column.source in large
        else iter(column_encoder(column)([value]))
        for column, value in zip(columns, row, strict=True)
    ]


def _large_field(
    connection: sqlite3.Connection, part: TablePart, column: ColumnPlan, is_text: bool
) -> Pieces:
    """Yield a long value as the pieces of its field."""
    stored = partial(_stored_pieces, connection, part, column)
    if is_text:
        encoding = connection.execute("PRAGMA encoding").fetchone()[0].decode()
        if encoding != "UTF-8":
            stored = partial(_utf8_pieces, stored, encoding)
    if column.conversion == "bytes":
        yield b"\\\\x"
        yield from map(hexlify, stored())
        return
    if column.conversion not in {"text", "json", "jsonb"}:
        raise EncodeError(column.source, 0, b"a value of many megabytes", "is only text or bytes")
    yield from map(escape, _repaired_pieces(stored, column))


def _stored_pieces(connection: sqlite3.Connection, part: TablePart, column: ColumnPlan) -> Pieces:
    """Yield a value's bytes as they are stored."""
    open_blob = getattr(connection, "blobopen", None)  # Python 3.11
    if open_blob is None:
        terms = (f"CAST({column_term(column)} AS BLOB)",)
        value = connection.execute(select_sql(part, terms)).fetchone()[0]
        for start in range(0, len(value), _PIECE_BYTES):
            yield value[start : start + _PIECE_BYTES]
        return
    with open_blob(part.table.source, column.source, part.large_rowid, readonly=True) as blob:
        while piece := blob.read(_PIECE_BYTES):
            yield piece


def _utf8_pieces(stored: Callable[[], Pieces], encoding: str) -> Pieces:
    """Yield pieces of UTF-16 text as UTF-8; what is no UTF-16 as SQLite would convert it."""
    codec = "utf-16-le" if encoding == "UTF-16le" else "utf-16-be"
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    for piece in stored():
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _repaired_pieces(stored: Callable[[], Pieces], column: ColumnPlan) -> Pieces:
    """Yield a text's pieces as the plan's repairs make them."""
    pieces = stored()
    if column.encoding_repair == "replace":
        pieces = _decoded(pieces, "utf-8")
    elif column.encoding_repair == "latin-1" and not _all_utf8(stored()):
        pieces = _decoded(pieces, "latin-1")
    if column.nul_repair is None:
        return pieces
    instead = b"" if column.nul_repair == "strip" else "\N{REPLACEMENT CHARACTER}".encode()
    return (piece.replace(b"\0", instead) for piece in pieces)


def _decoded(pieces: Pieces, encoding: str) -> Pieces:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _all_utf8(pieces: Pieces) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
