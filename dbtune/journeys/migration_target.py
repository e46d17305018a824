"""Where a migration goes: a server that is named, a throw-away one, or the database's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbtune.journeys.embedded import folder_of, start_existing, start_for
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.model.advice import REHEARSED
from dbtune.model.transfer import TargetFacts
from dbtune.postgres.server.embedded import throw_away_server
from dbtune.postgres.server.migration_state import Connection
from dbtune.postgres.server.target import (
    connect_target,
    describe_target,
    read_target_state,
    require_usable,
)


@dataclass(frozen=True)
class Target:
    """A connection to a usable target; `notes` tell the user where the data is then."""

    conninfo: str
    connection: Connection
    facts: TargetFacts
    notes: tuple[str, ...] = ()


@contextmanager
def open_target(database: Path, options: MigrateOptions) -> Iterator[Target]:
    """Yield the target: the one named, a throw-away one, or the database's embedded one.

    Raises MissingExtraError without the embedded server's binaries, TargetError and RefusedError
    of a server that cannot be used.
    """
    if options.rehearse:
        with throw_away_server() as url, connected_target(url, options, (REHEARSED,)) as target:
            yield target
    elif options.target is not None:
        where = f"The data is in {describe_target(options.target)}, schema {options.schema}."
        with connected_target(options.target, options, (where,)) as target:
            yield target
    else:
        server, url = start_for(database)
        notes = (
            f"The data is at {url}",
            f"Stop its server with: dbtune embedded stop {server.folder}; "
            f"start it with: dbtune embedded start {server.folder}",
        )
        with connected_target(url, options, notes) as target:
            yield target


@contextmanager
def existing_target(database: Path, options: MigrateOptions) -> Iterator[Target]:
    """Yield the target that a database was migrated to; starts its server, and makes none.

    Raises ConfigurationError where nothing is named and the database has no embedded server.
    """
    conninfo = options.target if options.target is not None else start_existing(folder_of(database))
    with connected_target(conninfo, options) as target:
        yield target


@contextmanager
def connected_target(
    conninfo: str, options: MigrateOptions, notes: tuple[str, ...] = ()
) -> Iterator[Target]:
    with connect_target(conninfo) as connection:
        state = read_target_state(connection, options.schema)
        require_usable(state, options.schema)
        yield Target(conninfo, connection, state.facts(), notes)
