"""What is wrong with a choice of indexes, once it was tried with both libraries. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Union

from dbtune.advisor.proving.library_check import LibraryCheck, LibraryDifference
from dbtune.advisor.proving.proof import SlowerRead

# What slower reads lose counts this many times, as nobody expects an index to slow a page down.
HARM_WEIGHT = 5.0
HARMFUL = "it makes another recorded read slower than it was"

_Slower = Union[SlowerRead, LibraryDifference]  # noqa: UP007 - evaluated at run time on 3.10


def harm_of(
    slower: Iterable[SlowerRead], library: LibraryCheck | None, names: Collection[str]
) -> dict[str, float]:
    """Return by new index what the slower reads that use it cost more, ns over the recording.

    A read that both libraries make slower counts once, at the worse of the two.
    """
    reads: list[_Slower] = [*slower, *(library.slower if library else ())]
    worst: dict[str, _Slower] = {}
    for read in reads:
        known = worst.get(read.shape_id)
        if known is None or read.added_ns > known.added_ns:
            worst[read.shape_id] = read
    harm: dict[str, float] = {}
    for read in worst.values():
        blamed = read.used & frozenset(names)
        for name in blamed:
            harm[name] = harm.get(name, 0.0) + read.added_ns / len(blamed)
    return harm


def most_harmful(harm: Mapping[str, float]) -> str | None:
    """Return the index that does most harm: without it the others may be innocent."""
    return min(harm, key=lambda name: (-harm[name], name), default=None)


def is_passed_over(name: str, used_by: Iterable[str], library: LibraryCheck | None) -> bool:
    """Return whether the library uses an index for none of the queries that it is there for.

    Nothing tells so where only triggers use it, or queries that the library cannot run.
    """
    if library is None:
        return False
    return name not in library.used and not library.checked.isdisjoint(used_by)


def passed_over(library: LibraryCheck) -> str:
    """Return why an index goes that the library does not use."""
    return f"SQLite {library.version} does not use it"
