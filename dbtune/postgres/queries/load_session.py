"""Recorded statements sent to PostgreSQL under load: translated, timed by whoever sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from dbtune.model.load import FailureKind, LoadStatement
from dbtune.model.workload import Parameters
from dbtune.postgres.names import quote_name
from dbtune.postgres.queries.query_sides import SideFailure, TargetSide
from dbtune.postgres.server.target import connect_target
from dbtune.postgres.translation.parameters import UnfitValue, bound_values
from dbtune.postgres.translation.scope import Scope
from dbtune.postgres.translation.statement_translation import translate_statement
from dbtune.postgres.translation.translator import ParameterPlan, TranslationOptions

# psycopg's own default: applications get prepared statements after so many executions.
_PREPARE_THRESHOLD = 5


@dataclass(frozen=True)
class SentStatement:
    """A statement as PostgreSQL takes it, with `$1` and so on."""

    sql: bytes
    parameters: tuple[ParameterPlan, ...]


@dataclass(frozen=True)
class PostgresTarget:
    """A migrated database; `statements` are in the order of the plan, None for what it refuses."""

    conninfo: str
    schema: str
    statements: tuple[SentStatement | None, ...]

    def open(self) -> PostgresSession:
        """Open a connection for one thread. Raises TargetError."""
        connection = connect_target(self.conninfo)
        connection.prepare_threshold = _PREPARE_THRESHOLD
        connection.execute(f"SET search_path = {quote_name(self.schema)}, public".encode())
        return PostgresSession(connection, self.statements)


class PostgresSession:
    """One connection to the migrated database."""

    def __init__(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        statements: tuple[SentStatement | None, ...],
    ) -> None:
        self._connection = connection
        self._statements = statements

    def begin(self, *, writes: bool) -> None:
        """Begin a transaction, which PostgreSQL need not be told the purpose of."""
        self._connection.execute(b"BEGIN")

    def run(self, statement: int, values: Parameters) -> None:
        """Execute a statement of the plan and fetch all its rows."""
        sent = self._statements[statement]
        assert sent is not None, "a plan holds no statement that the target refuses"
        with psycopg.RawCursor(self._connection) as cursor:
            cursor.execute(sent.sql, bound_values(sent.parameters, values))
            if cursor.description is not None:
                cursor.fetchall()

    def commit(self) -> None:
        """Commit."""
        self._connection.execute(b"COMMIT")

    def rollback(self) -> None:
        """Give up what was begun."""
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._connection.execute(b"ROLLBACK")

    def interrupt(self) -> None:
        """Ask the server to stop what runs now."""
        self._connection.cancel()

    def kind_of(self, error: Exception) -> FailureKind | None:
        """Return what sort of failure an error is, None where it is not the database's."""
        if isinstance(error, UnfitValue):
            return "other"
        if not isinstance(error, psycopg.Error):
            return None
        code = error.sqlstate or ""
        if code == "57014":  # query_canceled
            return "timeout"
        if code in {"55P03", "40P01", "40001"}:  # not available, deadlock, serialization
            return "locked"
        return "constraint" if code.startswith("23") else "other"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def translate_load(
    statements: Sequence[LoadStatement],
    samples: Mapping[int, Parameters],
    scopes: Sequence[Scope],
    side: TargetSide,
) -> tuple[tuple[SentStatement | None, ...], dict[int, str]]:
    """Translate the statements of a plan, and return those that the target takes.

    `samples` are values by place; a statement without is not sent. With the statements comes why
    the others are refused, by place.
    """
    options = TranslationOptions(
        server_version=side.server_version, byte_order=False, nulls_order=False, ignore_case=False
    )
    sent: list[SentStatement | None] = []
    refused: dict[int, str] = {}
    for place, statement in enumerate(statements):
        if place not in samples:
            sent.append(None)
            continue
        values = samples[place]
        translation = translate_statement(statement.text, scopes, options, values)
        if translation.sql is None:
            refused[place] = "; ".join(translation.problems)
            sent.append(None)
            continue
        try:
            side.explain(translation.sql, bound_values(translation.parameters, values))
        except (SideFailure, UnfitValue) as error:
            refused[place] = str(error)
            sent.append(None)
        else:
            sent.append(SentStatement(translation.sql.encode(), translation.parameters))
    return tuple(sent), refused
