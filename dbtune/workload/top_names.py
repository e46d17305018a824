"""The names that come most often, whatever their number, in little room."""

from __future__ import annotations

from dbtune.model.digest import NamedCount, Names

# Routes and call sites of one query are a handful. Where more come, a name was made of a value,
# and the rare half of them is given up now and then.
_KEPT = 100
_LONGEST = 500
_TOLD = 5


class TopNames:
    """Counts by name: exact up to a hundred names, and close for the frequent ones of more."""

    __slots__ = ("_counts", "_overflowed")

    def __init__(self) -> None:
        self._counts: dict[str, float] = {}
        self._overflowed = False

    def add(self, name: str, count: float) -> None:
        """Take calls that came from, or went to, something with this name."""
        counts = self._counts
        if len(name) > _LONGEST:
            name = name[:_LONGEST]
        counts[name] = counts.get(name, 0.0) + count
        if len(counts) > _KEPT:
            self._overflowed = True
            ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            self._counts = dict(ordered[: _KEPT // 2])

    def merge(self, other: TopNames) -> None:
        """Take all that another has counted."""
        self._overflowed = self._overflowed or other._overflowed
        for name, count in other._counts.items():
            self.add(name, count)

    def finish(self) -> Names:
        """Return the first five, and how many names there are."""
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        distinct = _KEPT + 1 if self._overflowed else len(ordered)
        return Names(tuple(NamedCount(*item) for item in ordered[:_TOLD]), distinct)
