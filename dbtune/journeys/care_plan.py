"""Which of ANALYZE, VACUUM and a checkpoint pay for a database, decided from what was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.advisor.wording import percent
from dbtune.model.schema import FileHealth
from dbtune.sqlite.file.free_space import RESERVE_BYTES, megabytes

StepName = Literal["vacuum", "analyze", "checkpoint"]

# SQLite itself checkpoints at 1,000 pages (4 MB), so that a -wal of four times that is one that a
# long reader or a burst of writes left behind. It never shrinks by itself, and every reader
# searches it. Lower, and optimize would truncate what the next writes make again.
LARGE_WAL_PAGES = 4_000

# Measured on 260 MB with the file in memory: VACUUM 13 ms a MB, ANALYZE 1.3, a checkpoint 1 to 3.
# A slow disk takes several times as long, so what is shown says "about".
_VACUUM_SECONDS_PER_MB = 0.015
_ANALYZE_SECONDS_PER_MB = 0.002
_CHECKPOINT_SECONDS_PER_MB = 0.005

# https://www.sqlite.org/lang_vacuum.html: up to twice the size of the original is needed.
_VACUUM_ROOM_FACTOR = 2


@dataclass(frozen=True)
class CareFacts:
    """What decides.

    `stale_tables` have no statistics or wrong ones and `worn` says why a VACUUM would pay (empty:
    it would not), both by the rules of `analyze`. `users` are other processes that have the file
    open; `pinned` are full-text tables that VACUUM would cut from their rows.
    """

    health: FileHealth
    stale_tables: tuple[str, ...]
    statistics_reason: str
    worn: tuple[str, ...]
    free_bytes: int
    temporary_free_bytes: int
    users: tuple[str, ...]
    pinned: tuple[str, ...]
    with_backup: bool

    @property
    def database_bytes(self) -> int:
        """Size of the database as one file, with what its -wal holds."""
        return self.health.page_count * self.health.page_size_bytes


@dataclass(frozen=True)
class CareStep:
    """Something that pays; `tables` are those that are analyzed.

    `lock_seconds` is about how long writers wait, `room_bytes` what it needs beside the file for
    a while; `obstacle` says why it cannot be done now, or is None.
    """

    name: StepName
    reason: str
    lock_seconds: float
    tables: tuple[str, ...] = ()
    room_bytes: int = 0
    obstacle: str | None = None


@dataclass(frozen=True)
class CarePlan:
    """What pays, in the order it is done, and the figures of what does not."""

    steps: tuple[CareStep, ...]
    figures: tuple[str, ...]

    @property
    def possible(self) -> tuple[CareStep, ...]:
        """The steps that nothing stands in the way of."""
        return tuple(step for step in self.steps if step.obstacle is None)


def plan_care(facts: CareFacts) -> CarePlan:
    """Decide what pays. VACUUM comes first, since in WAL mode it fills the -wal."""
    vacuum = _vacuum(facts) if facts.worn else None
    analyze = _analyze(facts) if facts.stale_tables else None
    vacuums = vacuum is not None and vacuum.obstacle is None
    checkpoint = _checkpoint(facts, after_vacuum=vacuums)
    steps = tuple(step for step in (vacuum, analyze, checkpoint) if step is not None)
    return CarePlan(steps, tuple(_figures(facts, {step.name for step in steps})))


def _vacuum(facts: CareFacts) -> CareStep:
    size = facts.database_bytes
    room = _VACUUM_ROOM_FACTOR * size + (size if facts.with_backup else 0)
    return CareStep(
        name="vacuum",
        reason=" ".join(facts.worn),
        lock_seconds=_seconds(size, _VACUUM_SECONDS_PER_MB),
        room_bytes=room,
        obstacle=_vacuum_obstacle(facts, room),
    )


def _vacuum_obstacle(facts: CareFacts, room: int) -> str | None:
    if facts.pinned:
        return (
            f"it may renumber the rows that the full-text table {facts.pinned[0]} points at, "
            "since their table has no INTEGER PRIMARY KEY"
        )
    if facts.users:
        return f"others have the file open: {', '.join(facts.users)}; stop them first"
    if room + RESERVE_BYTES > facts.free_bytes:
        return (
            f"it needs {megabytes(room)} beside the file, "
            f"and {megabytes(facts.free_bytes)} are free"
        )
    if facts.database_bytes + RESERVE_BYTES > facts.temporary_free_bytes:
        return (
            f"it needs {megabytes(facts.database_bytes)} in SQLite's temporary folder, "
            f"and {megabytes(facts.temporary_free_bytes)} are free: set SQLITE_TMPDIR"
        )
    return None


def _analyze(facts: CareFacts) -> CareStep:
    return CareStep(
        name="analyze",
        reason=facts.statistics_reason,
        lock_seconds=_seconds(facts.database_bytes, _ANALYZE_SECONDS_PER_MB),
        tables=facts.stale_tables,
    )


def _checkpoint(facts: CareFacts, *, after_vacuum: bool) -> CareStep | None:
    health = facts.health
    large = health.wal_bytes >= LARGE_WAL_PAGES * health.page_size_bytes
    if health.journal_mode != "wal" or not (large or after_vacuum):
        return None
    reason = f"The -wal has {megabytes(health.wal_bytes)}, which every reader searches."
    if not large:
        reason = "VACUUM writes the whole database through the -wal."
    return CareStep(
        name="checkpoint",
        reason=reason,
        lock_seconds=_seconds(
            max(health.wal_bytes, facts.database_bytes if after_vacuum else 0),
            _CHECKPOINT_SECONDS_PER_MB,
        ),
    )


def _figures(facts: CareFacts, steps: set[StepName]) -> list[str]:
    health = facts.health
    figures = []
    if "analyze" not in steps:
        figures.append("statistics: up to date, or of no use to the planner")
    if "vacuum" not in steps:
        figures += _wear(facts)
    if "checkpoint" not in steps and health.journal_mode == "wal":
        worth = megabytes(LARGE_WAL_PAGES * health.page_size_bytes)
        figures.append(f"-wal: {megabytes(health.wal_bytes)} (a checkpoint pays from {worth})")
    return figures


def _wear(facts: CareFacts) -> list[str]:
    health = facts.health
    share = health.freelist_count / health.page_count if health.page_count else 0.0
    free = health.freelist_count * health.page_size_bytes
    figures = [f"free pages: {percent(share)} of the file ({megabytes(free)})"]
    if health.fragmentation_ratio is not None:
        figures.append(f"pages out of order: {percent(health.fragmentation_ratio)}")
    return figures


def _seconds(size_bytes: int, seconds_per_mb: float) -> float:
    return size_bytes / 1e6 * seconds_per_mb
