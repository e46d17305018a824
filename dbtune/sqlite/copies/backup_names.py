"""The names of dbtune's own backups, and which of them are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

_NAME = re.compile(r"backup-(?P<time>\d{8}T\d{6}Z)(?:-(?P<number>\d+))?\.db", re.ASCII)
PARTIAL_SUFFIX = ".partial"


def backup_name(moment: datetime, taken: Iterable[str]) -> str:
    """Return the name of a backup made at that moment (UTC), numbered if others took it.

    Numbers only go up: with one that was freed the newest backup would count as the oldest.
    """
    time = f"{moment:%Y%m%dT%H%M%SZ}"
    matches = (_NAME.fullmatch(name.removesuffix(PARTIAL_SUFFIX)) for name in taken)
    numbers = (int(match["number"] or 1) for match in matches if match and match["time"] == time)
    number = max(numbers, default=0) + 1
    return f"backup-{time}.db" if number == 1 else f"backup-{time}-{number}.db"


def backups_in(folder: Path) -> tuple[Path, ...]:
    """Return the backups in a folder by their names, newest first; other files are left out."""
    if not folder.is_dir():
        return ()
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name) and _is_file(path)]
    return tuple(sorted(found, key=_age_key, reverse=True))


def unfinished_in(folder: Path) -> tuple[Path, ...]:
    """Return the files of backups that are being written, or were when their run was killed."""
    return tuple(
        path
        for path in folder.iterdir()
        if path.name.endswith(PARTIAL_SUFFIX)
        and _NAME.fullmatch(path.name[: -len(PARTIAL_SUFFIX)])
        and _is_file(path)
    )


def surplus(backups: Iterable[Path], keep: int) -> tuple[Path, ...]:
    """Return which backups, given newest first, are more than may be kept."""
    return tuple(backups)[keep:]


def _age_key(path: Path) -> tuple[str, int]:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return match["time"], int(match["number"] or 1)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
