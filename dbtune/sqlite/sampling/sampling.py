"""A sample of a database in a given number of bytes: sizes read, plan made, rows copied."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.errors import RefusedError
from dbtune.model.schema import Schema, Table
from dbtune.model.workload import ComparedValues
from dbtune.sqlite.file.free_space import megabytes, require_free_bytes
from dbtune.sqlite.page_copy import CopyOptions
from dbtune.sqlite.sampling.sample_plan import SamplePlan, plan_sample
from dbtune.sqlite.sampling.sampled_copy import (
    CopiedTable,
    SampleJob,
    SourceForm,
    copy_sample,
    shadows_of,
)
from dbtune.sqlite.sampling.wanted_rows import wanted_rows
from dbtune.sqlite.schema.statistics import read_statistics
from dbtune.sqlite.schema.table_size import TableSize, table_sizes
from dbtune.sqlite.trust import may_distrust_schema

# Below it a sample says nothing about the plans of the whole.
SMALLEST_SAMPLE_BYTES = 1 << 20

# A full-text index can be larger than all other tables, and no index helps its queries.
_VIRTUAL_SHARE = 1 / 10


@dataclass(frozen=True)
class Sample:
    """The fraction copied of each table that is not whole, and what was left out."""

    fractions: tuple[tuple[str, float], ...]
    left_out: tuple[str, ...]


def write_sample(
    connection: sqlite3.Connection,
    source: Path,
    schema: Schema,
    target: Path,
    room_bytes: int,
    options: CopyOptions,
    compared: tuple[ComparedValues, ...] = (),
) -> Sample:
    """Write a sample of an open database into an empty file, of about `room_bytes`.

    `source` is the database's path; rows with `compared` values are in it as far as they are few.
    Raises RefusedError where there is no room.
    """
    _require_room(source, target.parent, room_bytes)
    sizes = table_sizes(connection, schema, read_statistics(connection, schema))
    virtual, virtual_bytes = _affordable_virtual(schema, sizes, room_bytes)
    job = SampleJob(
        source=source,
        schema=schema,
        plan=_with_wanted(
            connection, plan_sample(schema, sizes, room_bytes - virtual_bytes), compared
        ),
        virtual=virtual,
        room_bytes=room_bytes,
        rows=tuple((size.table, size.rows) for size in sizes),
    )
    copied = copy_sample(
        job, _form(connection), target, wait_ms=options.wait_ms, on_event=options.on_event
    )
    unaffordable = tuple(
        table.name for table in schema.tables if table.kind == "virtual" and table not in virtual
    )
    return Sample(_fractions(job.plan, sizes, copied.tables), unaffordable + copied.left_out)


def _require_room(source: Path, folder: Path, room_bytes: int) -> None:
    if room_bytes < SMALLEST_SAMPLE_BYTES:
        raise RefusedError(
            f"no room for a sample of {source}: a copy may take {megabytes(room_bytes)} of the "
            f"scratch room, and at least {megabytes(SMALLEST_SAMPLE_BYTES)} are needed",
            hint="raise --scratch-mb, or name a folder with room: --scratch DIR",
        )
    require_free_bytes(
        folder, room_bytes, f"a sample of {source}", hint="name a folder with room: --scratch DIR"
    )


def _affordable_virtual(
    schema: Schema, sizes: tuple[TableSize, ...], room_bytes: int
) -> tuple[tuple[Table, ...], int]:
    """Return the virtual tables whose data fits their share of the room, smallest first."""
    bytes_of = {size.table: size.size_bytes for size in sizes}
    virtual = [table for table in schema.tables if table.kind == "virtual"]
    needs = sorted(
        (sum(bytes_of[shadow.name] for shadow in shadows_of(schema, table)), number)
        for number, table in enumerate(virtual)
    )
    chosen, taken = [], 0
    for size, number in needs:
        if taken + size <= room_bytes * _VIRTUAL_SHARE:
            chosen.append(virtual[number])
            taken += size
    return tuple(chosen), taken


def _with_wanted(
    connection: sqlite3.Connection, plan: SamplePlan, compared: tuple[ComparedValues, ...]
) -> SamplePlan:
    return SamplePlan(
        tuple(
            part
            if part.fraction >= 1.0
            else replace(part, wanted=wanted_rows(connection, part.table, compared))
            for part in plan.tables
        )
    )


def _form(connection: sqlite3.Connection) -> SourceForm:
    return SourceForm(
        page_size_bytes=connection.execute("PRAGMA page_size").fetchone()[0],
        encoding=connection.execute("PRAGMA encoding").fetchone()[0],
        auto_vacuum=connection.execute("PRAGMA auto_vacuum").fetchone()[0],
        distrust_schema=may_distrust_schema(connection),
    )


def _fractions(
    plan: SamplePlan, sizes: tuple[TableSize, ...], copied: tuple[CopiedTable, ...]
) -> tuple[tuple[str, float], ...]:
    """Return the fraction of each table that is not whole: as counted, or else as planned."""
    size_of = {size.table: size for size in sizes}
    planned = {part.table.name: part.fraction for part in plan.tables}
    fractions = []
    for table in copied:
        size = size_of[table.table]
        fraction = planned[table.table]
        if size.rows and (size.exact or table.ended_early):
            fraction = table.rows / size.rows
        elif table.chosen_rows:
            fraction = min(1.0, fraction * table.rows / table.chosen_rows)
        if fraction < 1.0:
            fractions.append((table.table, fraction))
    return tuple(fractions)
