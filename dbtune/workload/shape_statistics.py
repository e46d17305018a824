"""The figures of one query shape while a recording is read."""

from __future__ import annotations

from math import ceil
from typing import Protocol

from dbtune.model.digest import PoolWaits, RowCounts
from dbtune.model.latency import LatencyHistogram
from dbtune.workload.fingerprint import SHAPE_ID_LENGTH, StatementForm
from dbtune.workload.named_tables import is_steady, read_names, written_table
from dbtune.workload.top_names import TopNames


class SentQuery(Protocol):
    """What a line says that both kinds of line have in one form."""

    @property
    def rows(self) -> int | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def route(self) -> str | None: ...
    @property
    def wait_ns(self) -> int | None: ...
    @property
    def namespace(self) -> str | None: ...
    @property
    def relationship(self) -> str | None: ...
    @property
    def file_path(self) -> str | None: ...
    @property
    def line_number(self) -> int | None: ...


class ShapeStatistics:
    """Takes the calls of one shape."""

    __slots__ = (
        "_rows_calls",
        "_rows_max",
        "_rows_total",
        "_wait_calls",
        "_wait_max",
        "_wait_total",
        "call_sites",
        "calls",
        "databases",
        "error_calls",
        "errors",
        "fingerprint",
        "first_seen",
        "id",
        "is_steady",
        "kind",
        "last_seen",
        "latency",
        "read_names",
        "relationships",
        "routes",
        "template",
        "written_table",
    )

    def __init__(self, fingerprint: str, form: StatementForm) -> None:
        self.fingerprint = fingerprint
        self.id = fingerprint[:SHAPE_ID_LENGTH]
        self.template = form.template
        self.kind = form.kind
        self.is_steady = is_steady(form)
        self.read_names = read_names(form.template) if form.kind == "read" else frozenset()
        self.written_table = written_table(form.template) if form.kind == "write" else None
        self.calls = 0.0
        self.latency = LatencyHistogram()
        self.first_seen: float | None = None
        self.last_seen: float | None = None
        self.routes = TopNames()
        self.call_sites = TopNames()
        self.databases = TopNames()
        self.relationships = TopNames()
        self.errors = TopNames()
        self.error_calls = 0.0
        self._rows_calls = self._rows_total = 0.0
        self._rows_max = 0
        self._wait_calls = self._wait_total = 0.0
        self._wait_max = 0

    def add(
        self,
        sent: SentQuery,
        site: str | None,
        *,
        calls: float,
        weight: float,
        duration_ns: int | None,
        moment: float | None,
    ) -> None:
        """Take a line of `calls` that stand for `weight`, sent from a place at a moment.

        Its rows are those of all its calls together, as executemany() counts them.
        """
        self.calls += weight
        if duration_ns is not None:
            self.latency.add(duration_ns, weight)
        if moment is not None:
            self._see(moment)
        rows = sent.rows
        if rows is not None and rows >= 0:
            self._rows_calls += weight
            each = rows if calls == 1 else rows / calls
            self._rows_total += each * weight
            if each > self._rows_max:
                self._rows_max = ceil(each)
        if sent.route is not None:
            self.routes.add(sent.route, weight)
        if site is not None:
            self.call_sites.add(site, weight)
        if sent.namespace is not None:
            self.databases.add(sent.namespace, weight)
        if sent.error is not None or sent.wait_ns is not None or sent.relationship is not None:
            self._add_seldom(sent, weight)

    def rows(self) -> RowCounts | None:
        """Return the rows of its calls, None where none was recorded."""
        if not self._rows_calls:
            return None
        return RowCounts(self._rows_calls, self._rows_total, self._rows_max)

    def waits(self) -> PoolWaits | None:
        """Return the waits before its calls, None where none was recorded."""
        if not self._wait_calls:
            return None
        return PoolWaits(self._wait_calls, self._wait_total, self._wait_max)

    def _see(self, moment: float) -> None:
        if self.first_seen is None or self.last_seen is None:
            self.first_seen = self.last_seen = moment
        elif moment > self.last_seen:
            self.last_seen = moment
        elif moment < self.first_seen:
            self.first_seen = moment

    def _add_seldom(self, sent: SentQuery, weight: float) -> None:
        if sent.error is not None:
            self.error_calls += weight
            self.errors.add(sent.error, weight)
        if sent.relationship is not None:
            self.relationships.add(sent.relationship, weight)
        if sent.wait_ns is not None:
            self._wait_calls += weight
            self._wait_total += sent.wait_ns * weight
            self._wait_max = max(self._wait_max, sent.wait_ns)
