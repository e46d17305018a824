"""Mode and owner of files, carried from one file to another where the system allows it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def give_owner(path: Path, like: os.stat_result) -> None:
    """Give a file or folder the owner and group of another, as far as this user may.

    Only root may give files away, so a refusal by the system is no failure.
    """
    change_owner = getattr(os, "chown", None)
    if change_owner is None:
        return
    with contextlib.suppress(PermissionError):
        change_owner(path, like.st_uid, like.st_gid)
        return
    with contextlib.suppress(PermissionError):
        change_owner(path, -1, like.st_gid)


def give_mode_and_owner(path: Path, like: os.stat_result) -> None:
    """Give a file the permission bits, owner and group of another, as far as this user may.

    The owner goes first: changing it clears set-id bits, and the mode is right in the end.
    """
    give_owner(path, like)
    path.chmod(like.st_mode & 0o777)
