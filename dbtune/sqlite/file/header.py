"""The first bytes of a file, for telling why SQLite does not take it for a database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
_READ = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read(100))"
_KNOWN = (
    (b"PK\x03\x04", "a ZIP archive", "unpack it first"),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
    (b"(\xb5/\xfd", "a Zstandard file", "unpack it first"),
    (b"PGDMP", "a PostgreSQL dump", "name a SQLite database file"),
    (b"** This file contains an SQLite 2", "a SQLite 2 database", "convert it to SQLite 3 first"),
    (b"DUCK", "a DuckDB database", "name a SQLite database file"),
)
_TEXT_HINT = "if these are SQL statements, load them with: sqlite3 NEW.db < FILE"


def read_header(path: Path) -> bytes:
    """Return up to 100 bytes from the start of a file; empty where they cannot be read.

    Another process reads them: opening and closing a database in this one would drop the locks
    that SQLite holds on it (https://www.sqlite.org/howtocorrupt.html section 2.2).
    """
    interpreter = Path(sys.executable or "")
    if "py" not in interpreter.name.lower():
        return b""  # embedded in another program, which is not to be started twice
    try:
        child = subprocess.run(
            [str(interpreter), "-I", "-S", "-c", _READ, os.fsencode(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return child.stdout[:HEADER_BYTES]


def describe_content(header: bytes) -> tuple[str, str | None]:
    """Return what a file that is no database seems to be, and a hint.

    `header` is its first bytes; the first text completes "FILE is ...".
    """
    if header.startswith(_MAGIC):
        return "a SQLite database with a damaged header", "restore it from a backup"
    for magic, name, hint in _KNOWN:
        if magic in header[: len(magic) + 4]:
            return f"not a SQLite database but {name}", hint
    if header and _is_text(header):
        return "not a SQLite database but a text file", _TEXT_HINT
    return (
        "not a SQLite database, or an encrypted one",
        "if it is encrypted (SQLCipher, SEE), decrypt it into a copy first",
    )


def _is_text(header: bytes) -> bool:
    try:
        text = header.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        # Cut in the middle of the last character.
        if error.start < len(header) - 4:
            return False
        text = header[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t\f\ufeff" for character in text)
