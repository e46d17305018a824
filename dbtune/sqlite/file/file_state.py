"""Whether a database's file is still what it was, told without reading it all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dbtune.sqlite.file.header import read_header
from dbtune.sqlite.file.location import side_file

_WAL_HEADER_BYTES = 32


def read_file_state(path: Path) -> str:
    """Return a digest that differs after any commit, and where another file took the place.

    Over the file's identity, size, time of change and header (whose change counter every commit
    of a rollback journal increments), and the same of its -wal, whose header changes at each
    restart. A checkpoint or a touched file change it too: it may differ without need, never the
    other way.
    """
    digest = hashlib.sha256(read_header(path))
    for part in (path, side_file(path, "-wal")):
        try:
            found = os.stat(part)
        except FileNotFoundError:
            digest.update(b"absent")
            continue
        if part != path and not found.st_size:
            digest.update(b"absent")  # SQLite itself makes an empty -wal for a reader
            continue
        facts = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        digest.update(repr(facts).encode())
        if part != path:
            # Unlike the database, a -wal carries no locks that closing it would drop.
            with part.open("rb") as wal:
                digest.update(wal.read(_WAL_HEADER_BYTES))
    return digest.hexdigest()
