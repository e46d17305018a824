"""The folder `<DB file>.dbtune` beside a database, which belongs to dbtune."""

from __future__ import annotations

import os
from pathlib import Path

from dbtune.errors import RefusedError
from dbtune.sqlite.file.ownership import give_owner

SUFFIX = ".dbtune"


def companion_folder(database: Path) -> Path:
    """Return the folder that belongs to dbtune beside a database; it may not exist."""
    return database.with_name(database.name + SUFFIX)


def ensure_companion_folder(database: Path) -> Path:
    """Create the companion folder where it is missing and return it.

    It gets the database's owner, and is open to whom the database is: what lies in it holds
    the same data. Raises RefusedError where it cannot be made or is not a folder.
    """
    folder = companion_folder(database)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RefusedError(
            f"{folder} is not a folder of dbtune's own",
            hint="move it away: dbtune keeps backups and revisions in a folder of that name",
        )
    if folder.is_dir():
        return folder
    try:
        like = os.stat(database)
        folder.mkdir(mode=0o700)
        folder.chmod(_folder_mode(like.st_mode))
        give_owner(folder, like)
    except OSError as error:
        raise RefusedError(
            f"cannot create {folder}: {error.strerror}",
            hint=f"dbtune keeps backups and revisions there; make {folder.parent} writable",
        ) from error
    return folder


def _folder_mode(file_mode: int) -> int:
    """Return the mode of a folder that is open to those who may read a file of that mode."""
    mode = 0o700
    if file_mode & 0o040:
        mode |= 0o050
    if file_mode & 0o020:
        mode |= 0o020
    if file_mode & 0o004:
        mode |= 0o005
    return mode
