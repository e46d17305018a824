"""Free disk space, checked before something is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from dbtune.errors import RefusedError

# Left free for everybody else on the disk: journals, logs, the application itself.
RESERVE_BYTES = 16 << 20


def free_bytes(folder: Path) -> int:
    """Return the bytes that this user may still write to a folder's disk."""
    return shutil.disk_usage(folder).free


def require_free_bytes(folder: Path, needed: int, purpose: str, *, hint: str) -> None:
    """Raise RefusedError where a folder's disk has no room for that many bytes more."""
    free = free_bytes(folder)
    if needed + RESERVE_BYTES > free:
        raise RefusedError(
            f"no room for {purpose} in {folder}: it needs {megabytes(needed)}, "
            f"and {megabytes(free)} are free",
            hint=hint,
        )


def megabytes(size: int) -> str:
    """Return a size as text for a message: 12.3 MB, 60.5 GB."""
    if size >= 1e10:
        return f"{size / 1e9:,.1f} GB"
    return f"{size / 1e6:,.1f} MB"
