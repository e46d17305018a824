"""What `dbtune compare` is given: a percentage, metrics, reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbtune.errors import ConfigurationError
from dbtune.model.comparison import COUNTERS, METRICS, Metric

if TYPE_CHECKING:
    from dbtune.model.advice import Report


class _Percent(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.4+
    """A percentage such as 10%, or the same as a ratio, 0.1; the value is the ratio."""

    name = "PERCENT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            self.fail(f"{text!r} is not a percentage such as 10%.", param, ctx)
        ratio = number / 100 if text.endswith("%") else number
        if not text.endswith("%") and number > 1:
            self.fail(f"{text!r} is more than all of it; did you mean {text}%?", param, ctx)
        if not 0 <= ratio < float("inf"):
            self.fail(f"{text!r} is not 0 % or more.", param, ctx)
        return ratio


class _MetricList(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.4+
    """Names of metrics with commas between them."""

    name = "LIST"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = [name.strip() for name in str(value).split(",")]
        unknown = [name for name in names if name not in METRICS]
        if unknown:
            self.fail(f"{unknown[0]!r} is none of {', '.join(METRICS)}.", param, ctx)
        return tuple(names)


PERCENT = _Percent()
METRIC_LIST = _MetricList()


def chosen_metrics(
    names: tuple[str, ...] | None, *, run: bool, queries: Sequence[str]
) -> tuple[Metric, ...]:
    """Return the metrics to compare, in their own order. Raises UsageError where they cannot be."""
    if run and not queries:
        raise click.UsageError("--run needs --queries FILE, a recording to run on both databases.")
    if queries and not run:
        raise click.UsageError("--queries goes with --run, which runs it on two databases.")
    if names is None:
        # One recording sends the same to both, so there are no queries a request to compare.
        return tuple(m for m in METRICS if m != "queries") if run else COUNTERS
    if "time" in names and not run:
        raise click.UsageError(
            "--metric time needs --run: times of two reports were taken at different moments, and "
            "on identical code a tenth more is common."
        )
    if "queries" in names and run:
        raise click.UsageError("--metric queries compares two reports; --run sends one recording.")
    return tuple(metric for metric in METRICS if metric in names)


def read_reports(base: Path, head: Path) -> tuple[Report, Report]:
    """Return both reports. Raises ConfigurationError, for databases with how to compare them."""
    from dbtune.cli.report_output import begins_as_database
    from dbtune.report.documents.run_file import read_report_file

    for path in (base, head):
        if begins_as_database(path):
            raise ConfigurationError(
                f"{path} is a database, not a report",
                hint=f"compare databases with dbtune compare --run {base} {head} --queries F",
            )
    return read_report_file(base), read_report_file(head)
