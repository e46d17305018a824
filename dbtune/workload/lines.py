"""Reading text by lines in flat memory, whatever stands in it."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

# A block is what is decoded at once. Below 64 KiB the call overhead shows; a block of 1 MiB is no
# longer in the processor's cache when its lines are counted, which takes a fifth more time.
BLOCK_BYTES = 1 << 17
# What is read at once within a line that is longer than a block, and at first, since the form of a
# file is told from its first block.
_LONG_BLOCK_BYTES = 1 << 20
# SQLite itself takes statements of up to 1 GB. Sixteen times the longest that is likely still
# fits any machine, and a file without line ends cannot fill the memory.
LINE_LIMIT_BYTES = 16 << 20


@dataclass(frozen=True)
class LineBlock:
    """Some lines without their ends; `first` is the number of the first, from 1.

    A line is None where it was longer than the limit. Bytes that are not UTF-8 are lone
    surrogates in it. `bytes_read` counts from the start of the stream.
    """

    first: int
    lines: list[str | None]
    bytes_read: int


def read_blocks(stream: BinaryIO, *, limit_bytes: int = LINE_LIMIT_BYTES) -> Iterator[LineBlock]:
    """Yield all lines of a stream in order, some at a time."""
    number, bytes_read = 1, 0
    rest = b""
    too_long = False
    size = _LONG_BLOCK_BYTES
    while chunk := stream.read(size):
        data = rest + (chunk if bytes_read else chunk.removeprefix(BOM_UTF8))
        bytes_read += len(chunk)
        end = data.rfind(b"\n")
        if end < 0:
            too_long = too_long or len(data) > limit_bytes
            rest = b"" if too_long else data
            size = _LONG_BLOCK_BYTES
            continue
        size = BLOCK_BYTES
        lines = _split(data[:end])
        rest = data[end + 1 :]
        if too_long:
            lines[0] = None
        too_long = False
        yield LineBlock(number, lines, bytes_read)
        number += len(lines)
    if rest or too_long:
        yield LineBlock(number, [None] if too_long else _split(rest), bytes_read)


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: it holds no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _split(data: bytes) -> list[str | None]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    # A copy of the list would cost more than the decoding; nobody else holds this one.
    return cast("list[str | None]", text.split("\n"))
