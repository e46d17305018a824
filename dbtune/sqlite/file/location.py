"""Where a database lies: checks that need no open file, and the URI that SQLite is given.

Nothing here opens the file: closing a file descriptor drops all locks that this process holds on
the file (https://www.sqlite.org/howtocorrupt.html section 2.2), so that only SQLite may open it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import quote

from dbtune.errors import RefusedError, SourceError
from dbtune.similar_files import missing_hint


def database_uri(path: Path, mode: str, *, immutable: bool = False) -> str:
    """Return the file: URI of a database, with every byte that means something in a URI quoted.

    Source: https://www.sqlite.org/uri.html section 3.1 (Windows drives: /C:/folder/file).
    """
    text = os.path.abspath(path)
    if os.sep != "/":
        text = text.replace(os.sep, "/")
    if not text.startswith("/"):
        text = f"/{text}"
    query = f"mode={mode}" + ("&immutable=1" if immutable else "")
    # The bytes of the name, so that names that are no valid UTF-8 survive. An empty authority,
    # or a name that begins with // would be read as one.
    return f"file://{quote(os.fsencode(text), safe='/:')}?{query}"


def require_database_file(path: Path) -> os.stat_result:
    """Return the file's stat; a SourceError if no database can lie there.

    Refuses what is missing, a folder, a device or pipe, and what this user may not read.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceError(
            f"{path} does not exist", hint=missing_hint(path, "check the path")
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{_printable(path)} cannot be read: {reason}") from error
    if stat.S_ISDIR(found.st_mode):
        raise SourceError(f"{path} is a folder", hint="name the database file in it")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(
            f"{path} is {_kind(found.st_mode)}, not a file", hint="name a SQLite database file"
        )
    if not os.access(path, os.R_OK):
        raise SourceError(
            f"{path} may not be read by this user",
            hint="run dbtune as the user that the application runs as",
        )
    return found


def require_writable_file(path: Path) -> os.stat_result:
    """Return the file's stat; a SourceError or RefusedError if dbtune must not write to it."""
    if path.is_symlink():
        raise RefusedError(
            f"{path} is a symbolic link, and dbtune does not write through one",
            hint=f"name the file itself: {os.path.realpath(path)}",
        )
    found = require_database_file(path)
    if not os.access(path, os.W_OK):
        raise RefusedError(
            f"{path} may not be written by this user",
            hint="run dbtune as the user that the application runs as",
        )
    return found


def side_file(path: Path, suffix: str) -> Path:
    """Return the path of a database's -wal, -shm or -journal.

    SQLite puts them beside the file that a symbolic link points to, since 3.10.
    """
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + suffix)


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def _printable(path: Path) -> str:
    return str(path).encode("unicode_escape").decode("ascii")
