"""Scratch folders that a killed run left behind: told from living ones by a lock, and removed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

try:
    import fcntl
except ImportError:  # Windows, where a folder of a killed run stays until the user removes it
    _fcntl: ModuleType | None = None
else:
    _fcntl = fcntl

_LOCK_NAME = "in-use.lock"


@contextlib.contextmanager
def claim_folder(folder: Path) -> Iterator[None]:
    """Mark a folder as in use by a lock that the system drops when this process ends."""
    if _fcntl is None:
        yield
        return
    unfinished = folder / f"{_LOCK_NAME}.new"
    with open(unfinished, "wb") as file:
        _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        # Under its name only once it is locked: another run takes an unlocked one for dead.
        unfinished.rename(folder / _LOCK_NAME)
        yield


def remove_stale_folders(base: Path, prefix: str) -> None:
    """Remove this user's folders of that prefix whose owner provably no longer runs."""
    if _fcntl is None:
        return
    for entry in os.scandir(base):
        if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
            _remove_if_dead(Path(entry.path))


def find_stale_folders(base: Path, prefix: str) -> tuple[Path, ...]:
    """Return those folders in the order of their names, and remove none."""
    if _fcntl is None or not base.is_dir():
        return ()
    named = (Path(entry.path) for entry in os.scandir(base) if entry.name.startswith(prefix))
    return tuple(sorted(folder for folder in named if not folder.is_symlink() and _is_dead(folder)))


def _is_dead(folder: Path) -> bool:
    assert _fcntl is not None
    try:
        if folder.stat().st_uid != os.getuid():
            return False
        with open(folder / _LOCK_NAME, "rb") as file:
            _fcntl.flock(file, _fcntl.LOCK_SH | _fcntl.LOCK_NB)
            return True
    except OSError:
        return False


def _remove_if_dead(folder: Path) -> None:
    assert _fcntl is not None
    try:
        if folder.stat().st_uid != os.getuid():
            return
        with open(folder / _LOCK_NAME, "rb") as file:
            _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            shutil.rmtree(folder)
    except OSError:
        return  # not ours, without a lock file, alive, or just being removed by another run
