"""Values above 8 MB compare by their length and SHA-256, so that memory stays flat.

The source's are read in pieces; the target's digest is made by its server.
"""

from __future__ import annotations

import codecs
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.verification.canonical import StoredKind, unfit

LARGE_BYTES = 8 * 1024 * 1024
NONCE_BYTES = 16
# Repairs make at most three bytes of one, so a column below a third of the limit stays below it.
_GROWTH = 3
_PIECE_BYTES = 1 << 20
# No text holds these bytes, and no blob the random ones of this run after them.
_MARK = b"\xff\xfelarge\xff"
_DIGESTED: frozenset[StoredKind] = frozenset(("text", "bytes", "json"))

Read = Callable[[], Iterator[bytes]]


def may_be_large(column: ColumnPlan, kind: StoredKind) -> bool:
    """Return whether values of a column may compare by digest."""
    return kind in _DIGESTED and column.longest_bytes * _GROWTH > LARGE_BYTES


def short_form(value: Any, nonce: bytes) -> Any:
    """Return a canonical value, or its digest where it is large."""
    if type(value) is bytes and len(value) > LARGE_BYTES:
        return _digest(len(value), hashlib.sha256(value).digest(), nonce)
    return value


def short_form_sql(expression: str, kind: StoredKind, nonce: bytes) -> str:
    """Return SQL of PostgreSQL for the same, as bytea."""
    value = expression if kind == "bytes" else f"convert_to({expression}, 'UTF8')"
    mark = f"'\\x{(_MARK + nonce).hex()}'::bytea"
    length = f"octet_length({expression})"
    return (
        f"CASE WHEN {length} > {LARGE_BYTES}"
        f" THEN {mark} || int8send({length}::bigint) || sha256({value}) ELSE {value} END"
    )


def is_digest(value: Any) -> bool:
    """Return whether a canonical value is the digest of a large one."""
    return type(value) is bytes and value.startswith(_MARK)


def describe_digest(value: bytes) -> str:
    """Return a digest as a message shows it."""
    size = int.from_bytes(value[-40:-32], "big")
    return f"{size:,} bytes, SHA-256 {value[-32:].hex()[:16]}"


def read_large_value(
    connection: sqlite3.Connection,
    table: str,
    rowid: tuple[str, int],
    column: ColumnPlan,
    nonce: bytes,
) -> Any:
    """Return the short form of a stored text or blob, read in pieces of 1 MB.

    `rowid` is what the rowid is called in SQL, and its value. Python 3.10 reads the value whole.
    """
    name, number = rowid
    quoted = quote_name(column.source)
    where = f"FROM {quote_name(table)} WHERE {name} = {number}"
    (storage,) = connection.execute(f"SELECT typeof({quoted}) {where}").fetchone()
    if storage not in {b"text", b"blob", "text", "blob"}:
        return unfit(f"a {storage!r} where a large value was planned")
    encoding = _stored_encoding(connection) if storage in {b"text", "text"} else "utf-8"
    if hasattr(connection, "blobopen"):

        def read() -> Iterator[bytes]:
            return _pieces(connection, table, column.source, number)
    else:

        def read() -> Iterator[bytes]:
            yield bytes(connection.execute(f"SELECT CAST({quoted} AS BLOB) {where}").fetchone()[0])

    return _summed(_comparable_pieces(read, column, encoding), nonce)


def _stored_encoding(connection: sqlite3.Connection) -> str:
    (found,) = connection.execute("PRAGMA encoding").fetchone()
    name = found.decode() if isinstance(found, bytes) else found
    return {"UTF-16le": "utf-16-le", "UTF-16be": "utf-16-be"}.get(name, "utf-8")


def _pieces(connection: sqlite3.Connection, table: str, column: str, rowid: int) -> Iterator[bytes]:
    opened = connection.blobopen(table, column, rowid, readonly=True)  # type: ignore[attr-defined,unused-ignore]  # Python 3.11
    with closing(opened) as blob:
        while piece := blob.read(_PIECE_BYTES):
            yield piece


def _comparable_pieces(read: Read, column: ColumnPlan, encoding: str) -> Iterable[bytes]:
    """Return what `canonical` would make of the whole value, piece by piece."""
    if column.conversion == "bytes" or column.conversion == "json":
        return _decoded(read(), encoding, "replace") if encoding != "utf-8" else read()
    pieces: Iterable[bytes] = read()
    if encoding != "utf-8":
        pieces = _decoded(pieces, encoding, "replace")
    elif column.encoding_repair == "replace":
        pieces = _decoded(pieces, "utf-8", "replace")
    elif column.encoding_repair == "latin-1" and not _is_utf8(read()):
        pieces = _decoded(pieces, "latin-1", "strict")
    if column.nul_repair is None:
        return pieces
    instead = b"" if column.nul_repair == "strip" else "\ufffd".encode()
    return (piece.replace(b"\0", instead) for piece in pieces)


def _decoded(pieces: Iterable[bytes], encoding: str, errors: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _is_utf8(pieces: Iterable[bytes]) -> bool:
    try:
        for _ in _decoded(pieces, "utf-8", "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _summed(pieces: Iterable[bytes], nonce: bytes) -> bytes:
    sha256, length, kept = hashlib.sha256(), 0, bytearray()
    for piece in pieces:
        sha256.update(piece)
        length += len(piece)
        if length <= LARGE_BYTES:
            kept += piece
        else:
            kept.clear()
    return bytes(kept) if length <= LARGE_BYTES else _digest(length, sha256.digest(), nonce)


def _digest(length: int, sha256: bytes, nonce: bytes) -> bytes:
    return _MARK + nonce + length.to_bytes(8, "big") + sha256
