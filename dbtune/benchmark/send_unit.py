"""Sending one unit over one connection, as the recorded application did."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter_ns

from dbtune.benchmark.fresh_keys import FreshValues
from dbtune.benchmark.session import Session
from dbtune.benchmark.tally import BEGIN, COMMIT, Outcome, Sent
from dbtune.errors import TargetError
from dbtune.model.load import FailureKind, LoadStatement, LoadTransaction, LoadUnit


class UnitSender:
    """Sends units over one connection, with values of INSERTs that nobody else uses."""

    def __init__(
        self, session: Session, statements: tuple[LoadStatement, ...], fresh: FreshValues
    ) -> None:
        self._session = session
        self._statements = statements
        self._fresh = fresh
        self._sent: list[Sent] = []

    def send(self, unit: LoadUnit) -> Outcome:
        """Send a unit until its end or its first failure, which ends it as a real one would."""
        self._sent = []
        for transaction in unit.transactions:
            failure = self._transaction(transaction)
            if failure is not None:
                return Outcome(tuple(self._sent), *failure)
        return Outcome(tuple(self._sent))

    def _transaction(self, transaction: LoadTransaction) -> tuple[FailureKind, str] | None:
        try:
            if transaction.explicit:
                self._timed(BEGIN, partial(self._session.begin, writes=transaction.writes))
            for call in transaction.calls:
                statement = self._statements[call.statement]
                for _ in range(call.times):
                    values = self._fresh.renew(call.values, statement.fresh)
                    self._timed(
                        statement.shape_id, partial(self._session.run, call.statement, values)
                    )
            if transaction.explicit:
                self._timed(COMMIT, self._session.commit)
        except Exception as error:
            kind = self._session.kind_of(error)
            if kind is None:
                raise
            self._give_up()
            return kind, _first_line(error)
        return None

    def _give_up(self) -> None:
        try:
            self._session.rollback()
        except Exception as error:
            if self._session.kind_of(error) is None:
                raise
            raise TargetError(
                f"a connection broke under load: {_first_line(error)}",
                hint="see what the server's log says of it",
            ) from error

    def _timed(self, shape_id: str, send: Callable[[], None]) -> None:
        started = perf_counter_ns()
        failure: FailureKind | None = None
        try:
            send()
        except Exception as error:
            failure = self._session.kind_of(error)
            raise
        finally:
            self._sent.append(Sent(shape_id, perf_counter_ns() - started, failure))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
