"""What a version of the SQLite library is known for."""

from __future__ import annotations

# https://www.sqlite.org/wal.html#walresetbug: since WAL came, mended in 3.51.3 and in two branches.
_WAL_CAME = (3, 7, 0)
_MENDED = (3, 51, 3)
_MENDED_BRANCHES = ((3, 44, 6), (3, 50, 7))


def version_number(version: str) -> tuple[int, ...]:
    """Return "3.44.2" as (3, 44, 2), to compare with; () for a text that is no version."""
    parts = version.strip().split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def has_wal_reset_race(version: str) -> bool:
    """Return whether this library can, rarely, lose a commit when a checkpoint resets the -wal."""
    number = version_number(version)
    if not _WAL_CAME <= number < _MENDED:
        return False
    return not any(number[:2] == mended[:2] and number >= mended for mended in _MENDED_BRANCHES)
