"""The bench journey: a recording replayed by many clients on copies of a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from dbtune._version import __version__
from dbtune.benchmark.configurations import (
    CONFIGURATIONS,
    Base,
    copy_base,
    with_indexes,
    working_copy,
)
from dbtune.benchmark.run_load import Load, run_load
from dbtune.benchmark.sqlite_session import SqliteTarget
from dbtune.changes.choose import choose_findings, leave_out_present, tables_of_created
from dbtune.errors import RefusedError
from dbtune.journeys.bench_workload import read_units, sendable
from dbtune.model.advice import Report
from dbtune.model.event import OnEvent, ignore_event
from dbtune.model.load import LoadPlan, LoadRate, LoadReport, LoadRun, LoadSettings, Mix
from dbtune.model.schema import Schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import scratch_folder
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.file.filesystem import filesystem_type
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.workload.databases import wanted_database
from dbtune.workload.recording_file import RecordingFile, find_files

if TYPE_CHECKING:
    from dbtune.journeys.bench_postgres import PostgresSide

WITH_INDEXES = "+indexes"
POSTGRES = "PostgreSQL"
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_MAKE_REPORT = "make one: dbtune analyze DB --queries FILE --output FILE"
_ALL_PRESENT = (
    "leave the option out, as the database is measured with them; what it was like before is in "
    "the backup that dbtune made of it"
)


@dataclass(frozen=True)
class BenchOptions:
    """What the user asks of bench; see `dbtune bench --help`.

    `indexes` is a report whose new indexes are tried too; `postgres` is the URL of the database
    that this one was migrated to, or "embedded", and `schema` the one there. `recorded_as` is what
    the recording calls the database, where that cannot be told.
    """

    queries: tuple[str, ...]
    configs: tuple[str, ...] = ("as-is", "wal+hook")
    rates: tuple[LoadRate, ...] = (LoadRate(50), LoadRate(100), LoadRate(500))
    settings: LoadSettings = field(default_factory=LoadSettings)
    mix: Mix = "recorded"
    indexes: Report | None = None
    postgres: str | None = None
    schema: str = "public"
    scratch: Path | None = None
    strict: bool = False
    recorded_as: str | None = None


@dataclass(frozen=True)
class _NewIndexes:
    """The statements that create a report's new indexes, and their tables."""

    creates: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Prepared:
    """What is sent, and to which sides; `base` is the file that copies are made of."""

    base: Base
    plan: LoadPlan
    left_out: tuple[str, ...]
    postgres: PostgresSide | None = None


def bench(database: Path, options: BenchOptions, on_event: OnEvent = ignore_event) -> LoadReport:
    """Replay a recording on copies of a database under load, and return what came of it.

    The database itself is only read. Raises RefusedError where the copies have no room or the
    report's indexes do not fit, SourceError, LockedError, ConfigurationError and, of a
    PostgreSQL, TargetError.
    """
    files = find_files(options.queries)  # a missing one is told before anything is copied
    if options.postgres is not None:
        from dbtune.journeys.bench_postgres import require_url  # takes a second to import

        require_url(options.postgres)
    with closing(open_readonly(database)) as connection, failures_explained(database):
        schema = read_schema(connection)
    indexes = _new_indexes(options.indexes, schema)
    with scratch_folder(options.scratch) as folder:
        base = copy_base(database, schema, folder, indexed=bool(indexes.creates), on_event=on_event)
        ready = _prepare(database, base, schema, files, options, on_event)
        runs = tuple(_runs(ready, indexes, options, on_event))
        return LoadReport(
            dbtune_version=__version__,
            created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            database=str(database),
            size_bytes=base.path.stat().st_size,
            settings=options.settings,
            mix=options.mix,
            unit=ready.plan.unit,
            units=len(ready.plan.units),
            statements=len(ready.plan.statements),
            runs=runs,
            not_checked=ready.left_out,
            notes=(*_about_disk(folder), *(ready.postgres.notes if ready.postgres else ())),
        )


def _prepare(
    database: Path,
    base: Base,
    schema: Schema,
    files: Sequence[RecordingFile],
    options: BenchOptions,
    on_event: OnEvent,
) -> _Prepared:
    """Make a plan of the recording, as far as all sides take it."""
    wanted = wanted_database(database, options.recorded_as)
    units = read_units(files, wanted, base.path, schema, strict=options.strict, on_event=on_event)
    sent = sendable(units.plan, base.path, schema, options.mix, on_event)
    left = (*units.left_out, *sent.left_out)
    if options.postgres is None or not sent.plan.units:
        return _Prepared(base, sent.plan, left)
    from dbtune.journeys.bench_postgres import PostgresPlace, postgres_side

    where = PostgresPlace(options.postgres, options.schema)
    side = postgres_side(database, base.path, where, sent.plan, on_event)
    return _Prepared(base, side.plan, (*left, *side.left_out), side)


def _runs(
    ready: _Prepared, indexes: _NewIndexes, options: BenchOptions, on_event: OnEvent
) -> Iterator[LoadRun]:
    if not ready.plan.units:
        return
    yield from _sqlite_runs(ready.plan, ready.base, "", options, on_event)
    if indexes.creates:
        base = with_indexes(ready.base, indexes.creates, indexes.tables, on_event)
        yield from _sqlite_runs(ready.plan, base, WITH_INDEXES, options, on_event)
    if ready.postgres is not None:
        yield from _postgres_runs(ready.postgres, options, on_event)


def _about_disk(folder: Path) -> Iterator[str]:
    """Say where commits cost nothing."""
    if filesystem_type(folder) in _IN_MEMORY:
        yield (
            f"the copies lay in memory ({folder.parent}), where commits are far quicker than on a "
            "disk: name a folder on the database's disk with --scratch DIR"
        )


def _new_indexes(report: Report | None, schema: Schema) -> _NewIndexes:
    """Return the new indexes of a report.

    Raises RefusedError where there is none to create, or where they do not fit the schema.
    """
    if report is None:
        return _NewIndexes()
    choice = leave_out_present(choose_findings(report.findings), schema)
    creates = tuple(statement for change in choice.changes for statement in change.up)
    if not creates:
        raise RefusedError(
            "the report of --with-indexes has no new index: "
            f"{'; '.join(choice.notes) or 'nothing to create was found when it was made'}",
            hint=_ALL_PRESENT if choice.notes else _MAKE_REPORT,
        )
    return _NewIndexes(creates, tables_of_created(choice.changes))


def _sqlite_runs(
    plan: LoadPlan, base: Base, suffix: str, options: BenchOptions, on_event: OnEvent
) -> Iterator[LoadRun]:
    """Yield the runs on copies: each on a fresh one, as writes change it."""
    for configuration in (CONFIGURATIONS[name] for name in options.configs):
        for rate in options.rates:
            path = working_copy(base, configuration)
            target = SqliteTarget(path, plan.statements, configuration.hook)
            load = Load(configuration.name + suffix, plan, target.open, rate, options.settings)
            yield run_load(load, on_event)


def _postgres_runs(
    side: PostgresSide, options: BenchOptions, on_event: OnEvent
) -> Iterator[LoadRun]:
    for rate in options.rates:
        with side.fresh() as open_session:
            load = Load(POSTGRES, side.plan, open_session, rate, options.settings)
            yield run_load(load, on_event)
