"""One request to the platform: it sends statements, and keeps what a recorder would have seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbtune.demo.chance import Chance
from dbtune.demo.population import Population
from dbtune.demo.statements import Statement
from dbtune.model.workload import RecordedQuery, SqlValue

# What the application does between two statements: build objects, render a row.
_BETWEEN_STATEMENTS_US = 180


@dataclass(frozen=True)
class Stage:
    """Where pages are played: a throw-away copy of the platform, and the statements they send."""

    connection: sqlite3.Connection
    statements: Mapping[str, Statement]
    population: Population
    scale: float

    def typical_us(self, statement: Statement) -> float:
        """Return how long the statement usually takes on a platform of this scale."""
        return statement.fixed_us + statement.growing_us * self.scale


class Visit:
    """A request with its route, or a job's run.

    Statements really run, on a throw-away copy, so that one page's rows lead to the next
    statement's values. `now` is the platform's clock; `duration_ns` is not measured here, it is
    the statement's typical time with a seeded spread (see Statement).
    """

    def __init__(
        self, number: int, route: str, started: datetime, stage: Stage, chance: Chance
    ) -> None:
        self.number = number
        self.now = started
        self.chance = chance
        self.population = stage.population
        self._request_id = f"req-{number:06d}"
        self._route = route
        self._stage = stage
        self._transaction = 1
        self._lines: list[RecordedQuery] = []

    def rows(self, name: str, *values: SqlValue) -> list[sqlite3.Row]:
        """Send a query by its name and return all its rows."""
        found = list(self._stage.connection.execute(self._text(name), values))
        self._keep(name, values, len(found))
        return found

    def first(self, name: str, *values: SqlValue) -> sqlite3.Row | None:
        """Send a query by its name and return its first row, None where it has none."""
        return next(iter(self.rows(name, *values)), None)

    def write(self, name: str, *values: SqlValue) -> int:
        """Send a write by its name; return the id of the row that it inserted."""
        cursor = self._stage.connection.execute(self._text(name), values)
        self._keep(name, values, cursor.rowcount)
        return cursor.lastrowid or 0

    def commit(self) -> None:
        """End the transaction; what follows belongs to the next one."""
        self._transaction += 1

    @property
    def recorded(self) -> tuple[RecordedQuery, ...]:
        """The statements sent so far, in order."""
        return tuple(self._lines)

    def timestamp(self, *, days: float = 0) -> str:
        """Return the time in so many days, or days ago, as SQLAlchemy stores a DateTime."""
        return (self.now + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")

    def _text(self, name: str) -> str:
        return self._stage.statements[name].text

    def _keep(self, name: str, values: tuple[SqlValue, ...], rows: int) -> None:
        statement = self._stage.statements[name]
        duration_us = self._stage.typical_us(statement) * _spread(self.chance)
        self._lines.append(
            RecordedQuery(
                text=statement.text,
                parameters=values,
                duration_ns=int(duration_us * 1000),
                rows=rows,
                timestamp=self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                request_id=self._request_id,
                route=self._route,
                file_path=statement.file_path,
                line_number=statement.line_number,
                transaction_id=f"{self._request_id}-{self._transaction}",
            )
        )
        self.now += timedelta(microseconds=int(duration_us) + _BETWEEN_STATEMENTS_US)


def _spread(chance: Chance) -> float:
    # Most runs are near the typical time, one in twenty waits for the disk or a lock.
    slow = 3.0 if chance.happens(0.05) else 0.0
    return 0.85 + 0.4 * chance.fraction() + slow * chance.fraction()
