"""How much of a file the system's page cache holds."""

from __future__ import annotations

import ctypes
import mmap
import os
import stat
import sys

_COUNTED_AT_ONCE_BYTES = 1 << 30


def cached_ratio(file: int, path: str) -> float | None:
    """Return the share of a file that the page cache holds, None where the system does not tell.

    Source: mincore(2), which tells only those the truth who own the file or may write to it.
    """
    found = os.fstat(file)
    if sys.platform != "linux" or not found.st_size or not stat.S_ISREG(found.st_mode):
        return None
    if found.st_uid != os.geteuid() and not os.access(path, os.W_OK):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    cached = pages = 0
    for start in range(0, found.st_size, _COUNTED_AT_ONCE_BYTES):
        length = min(_COUNTED_AT_ONCE_BYTES, found.st_size - start)
        states = ctypes.create_string_buffer(-(-length // mmap.PAGESIZE))
        # Mapped and not touched: not a page is read.
        place = libc.mmap(
            None,
            ctypes.c_size_t(length),
            mmap.PROT_READ,
            mmap.MAP_SHARED,
            file,
            ctypes.c_long(start),
        )
        if place in (None, ctypes.c_void_p(-1).value):
            return None
        told = libc.mincore(ctypes.c_void_p(place), ctypes.c_size_t(length), states)
        libc.munmap(ctypes.c_void_p(place), ctypes.c_size_t(length))
        if told != 0:
            return None
        cached += states.raw.count(b"\1")
        pages += len(states)
    return cached / pages
