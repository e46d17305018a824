"""The user an embedded server runs as: oneself, or for root somebody else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbtune.errors import TargetError

# The user that PostgreSQL's packages make, or the one who owns nothing.
_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class ServerUser:
    """A user of this system by name and numbers."""

    name: str
    uid: int
    gid: int

    def as_arguments(self) -> dict[str, Any]:
        """Return what makes subprocess.run start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_user() -> ServerUser | None:
    """Return who runs root's server, None where oneself does. Raises TargetError if nobody can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd  # not on Windows

    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise TargetError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody",
        hint="run dbtune as an ordinary user",
    )


def can_reach(path: Path, user: ServerUser) -> bool:
    """Return whether the permissions let a user pass all folders above a path."""
    return all(_may_pass(folder, user) for folder in path.resolve().parents)


def _may_pass(folder: Path, user: ServerUser) -> bool:
    found = folder.stat()
    if found.st_uid == user.uid:
        return bool(found.st_mode & 0o100)
    if found.st_gid == user.gid:
        return bool(found.st_mode & 0o010)
    return bool(found.st_mode & 0o001)
