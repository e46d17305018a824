"""What the header of a database and the index of its -wal say, read without SQLite.

Source: https://www.sqlite.org/walformat.html#the_wal_index_file_format
"""

from __future__ import annotations

import os
import struct
from array import array
from typing import NamedTuple

HEADER_BYTES = 101  # the header, and the first byte of the schema's page
UNUSED_MARK = 0xFFFFFFFF

_INDEX_HEADER = struct.Struct("=IIIBBHIIIIIIII")
_INDEX_BYTES = 136
_CHECKPOINT_INFO = struct.Struct("=6I")
_BLOCK_BYTES = 32768
_FRAMES_IN_FIRST_BLOCK = 4062
_FRAMES_IN_BLOCK = 4096
_WAL_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24


class WalIndex(NamedTuple):
    """The header of a -shm: committed frames, those copied into the database, readers' marks."""

    salts: int
    page_bytes: int
    frames: int
    copied: int
    marks: tuple[int, ...]


def in_wal_mode(header: bytes) -> bool:
    """Return whether a database's header says so (its byte 18 is the write version)."""
    return len(header) >= 100 and header[18] == 2


def read_index(shm: int) -> WalIndex | None:
    """Return the index's header, None where it is being written or was never begun."""
    data = os.pread(shm, _INDEX_BYTES, 0)
    if len(data) < _INDEX_BYTES or data[:48] != data[48:96]:
        return None
    _, _, _, is_ready, _, size, frames, _, _, _, salt, other_salt, _, _ = _INDEX_HEADER.unpack(
        data[:48]
    )
    copied, *marks = _CHECKPOINT_INFO.unpack(data[96:120])
    if not is_ready:
        return None
    page_bytes = (size & 0xFE00) + ((size & 1) << 16)
    return WalIndex(salt << 32 | other_salt, page_bytes, frames, copied, tuple(marks))


class FirstPage:
    """Finds the newest version of the first page, which counts the free ones, in a -wal."""

    def __init__(self) -> None:
        self._salts = -1
        self._searched = 0
        self._frame = 0

    def read(self, shm: int, wal: int, index: WalIndex, header: bytes) -> bytes | None:
        """Return how the first page begins, None where the -wal began anew meanwhile."""
        if index.salts != self._salts or index.frames < self._searched:
            self._salts, self._searched, self._frame = index.salts, 0, 0
        found = newest_frame(shm, 1, self._searched, index.frames)
        self._searched = index.frames
        self._frame = found or self._frame
        if self._frame <= index.copied:
            return header
        place = _WAL_HEADER_BYTES + (self._frame - 1) * (_FRAME_HEADER_BYTES + index.page_bytes)
        page = os.pread(wal, HEADER_BYTES, place + _FRAME_HEADER_BYTES)
        now = read_index_soon(shm)
        return page if now is not None and now.salts == index.salts else None


def newest_frame(shm: int, page: int, after: int, last: int) -> int | None:
    """Return the newest frame of a page among those after `after` up to `last`."""
    while last > after:
        block, place = divmod(
            last - 1 + _FRAMES_IN_BLOCK - _FRAMES_IN_FIRST_BLOCK, _FRAMES_IN_BLOCK
        )
        first = last - place if block else 1
        start = block * _BLOCK_BYTES if block else _INDEX_BYTES
        pages = array("I", os.pread(shm, 4 * (last - first + 1), start)[: 4 * (last - first + 1)])
        if page in pages:
            newest = first + len(pages) - 1 - pages[::-1].index(page)
            return newest if newest > after else None
        last = first - 1
    return None


def read_index_soon(shm: int) -> WalIndex | None:
    """Return the index's header, trying again while a commit changes it."""
    for _ in range(100):
        index = read_index(shm)
        if index is not None:
            return index
    return None
