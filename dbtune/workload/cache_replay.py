"""What caches of several times to live would have done on a recording, in flat memory.

An entry holds the answer to one statement with one set of values, from the call that fills it until
its time is over. A hit counts as stale where a write to a table that the statement names came
between the two: whether that write changed the answer is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

# Followed at once; each takes about 300 bytes. Those whose time is over are given up first, which
# loses nothing. Where that is not enough, half of all keys are, and the rest counts twice.
MAX_KEYS = 100_000
# An application has hundreds. Where names are made up, all counts as written instead.
_MAX_TABLES = 20_000
# Processes write what they sent every 200 ms, so that lines are a little out of order. So many of
# them are put in order again; sorting what is nearly sorted takes no time.
_WINDOW = 4_096
# An entry that was filled so much later than now is of another clock, or of an older file.
_CLOCK_SLACK_SECONDS = 1.0
_KEY_BYTES = 8
_HASHES = 1 << (8 * _KEY_BYTES)


class CacheableRead(NamedTuple):
    """A read with known values: of which shape, and the names in it that may be tables."""

    shape_id: str
    names: frozenset[str]
    key: int


class CacheWrite(NamedTuple):
    """A write to a table, None where it cannot be told or the schema changed: all then."""

    table: str | None


_Event = tuple[float, int, "str | None", float, "CacheableRead | CacheWrite"]


class ShapeOutcome:
    """What became of the reads of one shape: all, and hits and stale hits for each time to live."""

    __slots__ = ("hits", "lookups", "names", "seen", "stale", "written")

    def __init__(self, names: frozenset[str], ttls: int) -> None:
        self.names = names
        self.lookups = 0.0
        self.hits = [0.0] * ttls
        self.stale = [0.0] * ttls
        # The tables written so far that it names, looked for anew when there is one more.
        self.written: tuple[str, ...] = ()
        self.seen = 0


class CacheReplay:
    """Takes reads and writes nearly in order of time."""

    def __init__(self, ttls_seconds: tuple[float, ...], *, max_keys: int = MAX_KEYS) -> None:
        self._ttls = ttls_seconds
        self._max_keys = max_keys
        self._pending: list[_Event] = []
        self._added = 0
        self._replayed = 0
        # By key, for each time to live: when it was filled, and as which event.
        self._entries: dict[int, list[float]] = {}
        self._kept_below = _HASHES
        self._latest = float("-inf")
        self._last_write_of_all = 0
        self._last_write: dict[tuple[str | None, str], int] = {}
        self._writes: dict[str, float] = {}
        self._seen = 0
        self.outcomes: dict[str, ShapeOutcome] = {}
        self.clock_went_back = False

    @property
    def sampled_ratio(self) -> float:
        """The part of all keys that is followed."""
        return self._kept_below / _HASHES

    def add(
        self,
        event: CacheableRead | CacheWrite,
        moment: float,
        *,
        weight: float,
        database: str | None,
    ) -> None:
        """Take a read or a write of a database."""
        self._added += 1
        self._pending.append((moment, self._added, database, weight, event))
        if len(self._pending) >= _WINDOW:
            self._replay(_WINDOW // 2)

    def end_file(self) -> None:
        """Take no line of the next file before the last one of this."""
        self._replay(len(self._pending))

    def forget(self, shape_id: str) -> None:
        """Give up what became of a shape."""
        self.outcomes.pop(shape_id, None)

    def writes_to(self, names: frozenset[str]) -> dict[str, float]:
        """Return how often the tables among the names were written."""
        return {table: self._writes[table] for table in names if table in self._writes}

    def _replay(self, count: int) -> None:
        self._pending.sort()
        ready, self._pending = self._pending[:count], self._pending[count:]
        for moment, _, database, weight, event in ready:
            self._replayed += 1
            if moment < self._latest - _CLOCK_SLACK_SECONDS:
                self.clock_went_back = True
                # Else all that is filled from now on would look as if its time were over.
                self._latest = moment
            elif moment > self._latest:
                self._latest = moment
            if isinstance(event, CacheWrite):
                self._write(event.table, database, weight)
            elif event.key < self._kept_below:
                self._read(event, moment, database, weight * (_HASHES / self._kept_below))

    def _write(self, table: str | None, database: str | None, weight: float) -> None:
        if table is None or len(self._last_write) >= _MAX_TABLES:
            self._last_write_of_all = self._replayed
            self._last_write.clear()
            return
        if table not in self._writes:
            self._seen += 1
            if len(self._writes) >= _MAX_TABLES:
                self._writes.clear()
                self._last_write_of_all = self._replayed
        self._writes[table] = self._writes.get(table, 0.0) + weight
        self._last_write[(database, table)] = self._replayed

    def _read(
        self, read: CacheableRead, moment: float, database: str | None, weight: float
    ) -> None:
        outcome = self.outcomes.get(read.shape_id)
        if outcome is None:
            outcome = self.outcomes[read.shape_id] = ShapeOutcome(read.names, len(self._ttls))
        outcome.lookups += weight
        entry = self._entries.get(read.key)
        if entry is None:
            self._entries[read.key] = [moment, self._replayed] * len(self._ttls)
            if len(self._entries) > self._max_keys:
                self._make_room()
            return
        written = self._last_written(outcome, database)
        for place, ttl in enumerate(self._ttls):
            filled = 2 * place
            if -_CLOCK_SLACK_SECONDS <= moment - entry[filled] < ttl:
                outcome.hits[place] += weight
                if written > entry[filled + 1]:
                    outcome.stale[place] += weight
            else:
                entry[filled] = moment
                entry[filled + 1] = self._replayed

    def _last_written(self, outcome: ShapeOutcome, database: str | None) -> int:
        if outcome.seen != self._seen:
            outcome.seen = self._seen
            outcome.written = tuple(self.writes_to(outcome.names))
        last = self._last_write_of_all
        for table in outcome.written:
            last = max(last, self._last_write.get((database, table), 0))
        return last

    def _make_room(self) -> None:
        alive_from = self._latest - max(self._ttls)
        self._entries = {
            key: entry for key, entry in self._entries.items() if max(entry[::2]) > alive_from
        }
        while len(self._entries) > self._max_keys * 2 // 3:
            self._kept_below //= 2
            self._entries = {
                key: entry for key, entry in self._entries.items() if key < self._kept_below
            }


def cache_key(parts: Iterable[str]) -> int:
    """Return a number for a statement with its values: equal for equal ones, in any process."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=_KEY_BYTES).digest(), "big")
