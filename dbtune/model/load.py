"""A load test: what clients send, how it is sent, and what came of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dbtune.model.latency import LatencySummary
from dbtune.model.workload import Parameters, StatementKind

FailureKind = Literal["locked", "timeout", "constraint", "other"]
UnitName = Literal["request", "transaction", "statement"]
Mix = Literal["recorded", "reads"]


@dataclass(frozen=True)
class FreshKey:
    """A value of an INSERT that has to be another one each time, by position or by name."""

    place: int | str


@dataclass(frozen=True)
class LoadStatement:
    """A statement as SQLite takes it; `fresh` are its values that must not come twice."""

    shape_id: str
    text: str
    kind: StatementKind
    fresh: tuple[FreshKey, ...] = ()


@dataclass(frozen=True)
class Call:
    """One statement of a plan, by its place there, with its values, sent so many times."""

    statement: int
    values: Parameters
    times: int = 1


@dataclass(frozen=True)
class LoadTransaction:
    """Calls that are committed together; `explicit` is False for what commits by itself."""

    calls: tuple[Call, ...]
    writes: bool
    explicit: bool


@dataclass(frozen=True)
class LoadUnit:
    """What a client sends at once: a recorded request, or what there is instead.

    It is sent as often as its `weight` says, compared with the weights of the others.
    """

    weight: float
    transactions: tuple[LoadTransaction, ...]

    @property
    def writes(self) -> bool:
        """Return whether anything in it writes."""
        return any(transaction.writes for transaction in self.transactions)


@dataclass(frozen=True)
class LoadPlan:
    """All that clients may send. `unit` is what most of the units are."""

    statements: tuple[LoadStatement, ...]
    units: tuple[LoadUnit, ...]
    unit: UnitName

    @property
    def writes(self) -> bool:
        """Return whether any unit writes."""
        return any(unit.writes for unit in self.units)


@dataclass(frozen=True)
class LoadRate:
    """How much comes: `clients` that wait for each answer, or `per_second` whoever waits."""

    clients: int | None = None
    per_second: float | None = None

    @property
    def words(self) -> str:
        """Such as "50 clients", or "100 a second"; "-" for a document that has neither."""
        if self.clients is None:
            return "-" if self.per_second is None else f"{self.per_second:g} a second"
        return "1 client" if self.clients == 1 else f"{self.clients:,} clients"


@dataclass(frozen=True)
class LoadSettings:
    """How a load is sent, the same for all that are compared.

    Each of `processes` has `threads` connections, which clients wait for in turn.
    """

    duration_s: float = 10.0
    think_ms: float = 0.0
    timeout_s: float = 30.0
    processes: int = 2
    threads: int = 4
    seed: int = 20240229

    @property
    def warm_up_s(self) -> float:
        """What is sent before anything counts: caches fill, and clients fall out of step."""
        return min(2.0, self.duration_s / 10)


@dataclass(frozen=True)
class Failures:
    """How many failed, by kind."""

    locked: int = 0
    timeout: int = 0
    constraint: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.locked + self.timeout + self.constraint + self.other


@dataclass(frozen=True)
class ShapeLoad:
    """One query shape under load: its own time on the connection, `calls` failed ones included."""

    shape_id: str
    text: str
    calls: int
    failures: Failures
    latency: LatencySummary | None


@dataclass(frozen=True)
class SeenError:
    """What the database said, and how often."""

    kind: FailureKind
    message: str
    count: int


@dataclass(frozen=True)
class LoadRun:
    """One load on one configuration.

    Of the units that ended while it counted, `succeeded` did and `failures` did not; `unfinished`
    were due and had no answer at its end. `latency` is from the moment a unit was due: of those
    that succeeded, those that timed out, and those unfinished with the time they had waited.
    `statements` counts single executions, as the `shapes` do.
    """

    config: str
    rate: LoadRate
    seconds: float
    succeeded: int
    failures: Failures
    unfinished: int
    statements: int
    latency: LatencySummary | None
    shapes: tuple[ShapeLoad, ...]
    errors: tuple[SeenError, ...] = ()

    @property
    def per_second(self) -> float:
        """Units that succeeded in a second."""
        rate = self.succeeded / self.seconds if self.seconds else 0.0
        # A hand-edited document may have next to no seconds.
        return rate if math.isfinite(rate) else 0.0

    @property
    def success_ratio(self) -> float | None:
        """The part that succeeded of all that ended, None where none did."""
        ended = self.succeeded + self.failures.total
        return self.succeeded / ended if ended else None


@dataclass(frozen=True)
class LoadReport:
    """All runs of a load test, in the order asked for; the first configuration is the base."""

    dbtune_version: str
    created_at: str
    database: str
    size_bytes: int
    settings: LoadSettings
    mix: Mix
    unit: UnitName
    units: int
    statements: int
    runs: tuple[LoadRun, ...]
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
