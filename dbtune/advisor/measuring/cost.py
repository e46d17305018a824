"""What one run of a statement costs on the scratch copy, in deterministic counters.

`12 ns x VM steps + 115 ns x page fetches` was fitted on 135 points of two workloads: rank
correlation with time 0.98 (VM steps alone 0.96, and they hide what a covering index wins).
Unlike time it is the same on every run, so it serves to choose and to test.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import apsw

from dbtune.advisor.statements.conflicts import remove_conflicts
from dbtune.advisor.statements.runnable import Statement, readable_rows
from dbtune.advisor.statements.stubs import StubFunction, add_stubs, schema_functions

VM_STEP_NS = 12
PAGE_FETCH_NS = 115

# No recorded statement may run for ever: 400 M steps are some five seconds.
MAX_VM_STEPS = 400_000_000
# A step may be slow in itself (LIKE on texts of megabytes). This long is far beyond what the
# most steps take, also on a busy machine, so that it decides nothing that steps would decide.
_MAX_SECONDS = 30.0

# Longer values end a statement with SQLite's "string or blob too big", which the report names.
_MAX_VALUE_BYTES = 128 << 20

# How often Python is asked whether to go on, which is when Ctrl-C is noticed: 2 ms, and 0.01 %
# of the time.
_STEPS_A_LOOK = 100_000

_SAVEPOINT = "dbtune_measure"


@dataclass(frozen=True)
class Measurement:
    """Work done by one run (or the mean of several). `stopped` where it hit the step limit.

    `failure` is SQLite's message where the run ended in an error, such as a UNIQUE constraint
    that a recorded INSERT now violates; the work until then is counted.
    """

    vm_steps: float
    page_fetches: float
    scanned_rows: float = 0.0
    sorts: float = 0.0
    automatic_index_rows: float = 0.0
    returned_rows: float = 0.0
    elapsed_ns: float = 0.0
    stopped: bool = False
    failure: str | None = None

    @property
    def cost_ns(self) -> float:
        """Cost of one run in ns of the cost model."""
        return VM_STEP_NS * self.vm_steps + PAGE_FETCH_NS * self.page_fetches

    @property
    def collided(self) -> bool:
        """True where an INSERT met a row that is there already."""
        return (self.failure or "").startswith("UNIQUE constraint failed")


def open_scratch(path: Path, functions: Iterable[StubFunction] = ()) -> apsw.Connection:
    """Open a scratch copy for measuring, with stubs for `functions`: never a user's file.

    Page fetches are counted at the cache, so the whole file is kept cached and mmap stays off.
    Durability is off because the copy is thrown away. Sorts may spill into temporary files, as
    they do for an application: in memory a runaway one would take all there is.
    """
    connection = apsw.Connection(str(path))
    # A recorded hex(zeroblob(...)) must not take the machine's memory.
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    add_stubs(connection, (*schema_functions(connection), *functions))
    _stay_interruptible(connection)
    for pragma in (
        "cache_size = -400000",
        "mmap_size = 0",
        "synchronous = OFF",
        "journal_mode = MEMORY",
        "locking_mode = EXCLUSIVE",
        "temp_store = FILE",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def measure(
    connection: apsw.Connection,
    statement: Statement,
    *,
    writes: bool,
    max_vm_steps: int = MAX_VM_STEPS,
    make_room: bool = False,
) -> Measurement:
    """Run a statement once and count its work; what it writes is rolled back.

    The schema has to be loaded beforehand (any EXPLAIN does it), or its pages are counted too.
    A run stopped at `max_vm_steps` counts at least that many steps. With `make_room` rows that
    an INSERT would collide with are deleted first, uncounted.
    """
    status: dict[str, int] = {}
    if writes:
        connection.execute(f"SAVEPOINT {_SAVEPOINT}")
        if make_room:
            remove_conflicts(connection, statement.text, statement.parameters)
        if not connection.in_transaction:  # a trigger that forbids deletes may roll all back
            connection.execute(f"SAVEPOINT {_SAVEPOINT}")
    connection.trace_v2(
        apsw.SQLITE_TRACE_PROFILE, lambda event: status.update(event["stmt_status"])
    )
    _stop_after(connection, max_vm_steps)
    _page_fetches(connection)
    started = time.perf_counter_ns()
    returned, stopped, failure = _run(connection, statement)
    elapsed = time.perf_counter_ns() - started
    fetched = _page_fetches(connection)
    connection.trace_v2(0, None)
    _stay_interruptible(connection)
    if writes and connection.in_transaction:
        connection.execute(f"ROLLBACK TO {_SAVEPOINT}")
        connection.execute(f"RELEASE {_SAVEPOINT}")
    steps = status.get("SQLITE_STMTSTATUS_VM_STEP", 0)
    return Measurement(
        vm_steps=max(steps, max_vm_steps) if stopped else steps,
        page_fetches=fetched,
        scanned_rows=status.get("SQLITE_STMTSTATUS_FULLSCAN_STEP", 0),
        sorts=status.get("SQLITE_STMTSTATUS_SORT", 0),
        automatic_index_rows=status.get("SQLITE_STMTSTATUS_AUTOINDEX", 0),
        returned_rows=returned,
        elapsed_ns=elapsed,
        stopped=stopped,
        failure=failure,
    )


def mean(measurements: Sequence[Measurement]) -> Measurement:
    """Return the mean work of several runs; stopped if any of them was.

    Runs that failed count only where all did: work until an error says little of the others.
    """
    runs = [m for m in measurements if not m.failure] or list(measurements)
    if not runs:
        return Measurement(0.0, 0.0)
    share = 1 / len(runs)
    return replace(
        runs[0],
        vm_steps=share * sum(m.vm_steps for m in runs),
        page_fetches=share * sum(m.page_fetches for m in runs),
        scanned_rows=share * sum(m.scanned_rows for m in runs),
        sorts=share * sum(m.sorts for m in runs),
        automatic_index_rows=share * sum(m.automatic_index_rows for m in runs),
        returned_rows=share * sum(m.returned_rows for m in runs),
        elapsed_ns=share * sum(m.elapsed_ns for m in runs),
        stopped=any(m.stopped for m in runs),
    )


def _run(connection: apsw.Connection, statement: Statement) -> tuple[int, bool, str | None]:
    returned = 0
    try:
        for _ in readable_rows(connection.execute(statement.text, statement.parameters)):
            returned += 1
    except apsw.InterruptError:
        return returned, True, None
    except (apsw.Error, MemoryError) as error:
        return returned, False, str(error) or "out of memory"
    return returned, False, None


def _stop_after(connection: apsw.Connection, max_vm_steps: int) -> None:
    steps_a_look = min(_STEPS_A_LOOK, max_vm_steps)
    looks_left = -(-max_vm_steps // steps_a_look)
    until = time.monotonic() + _MAX_SECONDS

    def is_over() -> bool:
        nonlocal looks_left
        looks_left -= 1
        return looks_left <= 0 or time.monotonic() > until

    connection.set_progress_handler(is_over, steps_a_look)


def _stay_interruptible(connection: apsw.Connection) -> None:
    # Python handles a signal only in Python code, and building an index may take minutes.
    connection.set_progress_handler(lambda: False, _STEPS_A_LOOK)


def _page_fetches(connection: apsw.Connection) -> int:
    """Return the page fetches since the last call; SQLite's own counters wrap at 2^31."""
    hits: int = connection.status(apsw.SQLITE_DBSTATUS_CACHE_HIT, True)[0]
    misses: int = connection.status(apsw.SQLITE_DBSTATUS_CACHE_MISS, True)[0]
    return hits + misses
