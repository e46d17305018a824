"""Which reads of a request are one read repeated, and which only look like it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from dbtune.model.workload import StatementKind
from dbtune.workload.eager_loading import is_tree
from dbtune.workload.named_tables import reads_tables
from dbtune.workload.timestamps import normalise_timestamp

# The mean pause between two calls from which on a loop waits for something: shorter, and a loop
# that also asks another service is taken for one that polls; longer, and quick polling for N+1.
_POLLING_PAUSE_NS = 250_000_000

# `WHERE id > ? ORDER BY id LIMIT ?`: each page goes on where the last one ended.
_KEYSET = re.compile(
    r'(?P<key>[\w."]+) (?:(?P<up>>=?)|<=?) \?.* order by (?P=key)(?P<down> desc)?\b'
    r"(?:(?! order by ).)* limit "
)
_OFFSET = re.compile(r" offset \?| limit \? ?, \?")
# Beyond it the expressions above would take long.
_LONGEST = 10_000
_EQUALITY = re.compile(r" ==? \?|\? ==? | in \(\?\)| is \?")


class Shape(Protocol):
    """What matters here of a statement's shape."""

    id: str
    kind: StatementKind
    template: str


@dataclass(slots=True)
class ReadSeries:
    """The calls of one read from one place within one request.

    Times are as the recording has them; `duration_ns` is None until one is known.
    """

    shape: Shape
    relationship: str | None
    first: object
    last: object
    calls: float
    duration_ns: float | None

    def add(
        self,
        calls: float,
        duration_ns: float | None,
        timestamp: object,
        relationship: str | None,
    ) -> None:
        """Take a line that stands for so many calls of `duration_ns` each."""
        self.calls += calls
        if relationship != self.relationship and relationship and is_tree(relationship):
            self.relationship = relationship  # which its first level did not show
        self.last = timestamp
        if duration_ns is not None:
            self.duration_ns = (self.duration_ns or 0.0) + duration_ns * calls

    @property
    def is_repetition(self) -> bool:
        """False for a loop over pages, one that waits between its calls, and what reads no table.

        Django, for one, sends `SELECT QUOTE(?)` for each statement with DEBUG on.
        """
        template = self.shape.template
        return not turns_pages(template) and not self._polls and _reads_tables(template)

    @property
    def _polls(self) -> bool:
        span_ns = _nanoseconds_between(self.first, self.last)
        if span_ns is None:
            return False
        return (span_ns - (self.duration_ns or 0.0)) / self.calls >= _POLLING_PAUSE_NS


@lru_cache(maxsize=1024)
def _reads_tables(template: str) -> bool:
    return len(template) > _LONGEST or reads_tables(template)


@lru_cache(maxsize=1024)
def turns_pages(template: str) -> bool:
    """Tell whether a read goes through a result page by page, as far as its template tells.

    An OFFSET behind a key that is compared with does not: SQLAlchemy writes `LIMIT ? OFFSET ?`
    for the first row of each key too.
    """
    if len(template) > _LONGEST:
        return False
    keyset = _KEYSET.search(template)
    if keyset is not None and (keyset["up"] is None) == (keyset["down"] is not None):
        return True
    return _OFFSET.search(template) is not None and _EQUALITY.search(template) is None


def _nanoseconds_between(first: object, last: object) -> float | None:
    begin, end = _moment(first), _moment(last)
    if begin is None or end is None or (begin.tzinfo is None) != (end.tzinfo is None):
        return None
    return (end - begin).total_seconds() * 1e9


def _moment(timestamp: object) -> datetime | None:
    normal = normalise_timestamp(timestamp)
    # Python 3.10 does not read the Z.
    return None if normal is None else datetime.fromisoformat(normal.replace("Z", "+00:00"))
