"""The options of `dbtune bench`, and what they mean to the journey."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbtune.cli.command import GENERAL, section
from dbtune.cli.complete_files import complete_reports
from dbtune.cli.options import NumberRange, queries_option, recorded_as_option
from dbtune.cli.page_output import page_option

if TYPE_CHECKING:
    from dbtune.journeys.bench import BenchOptions

F = TypeVar("F", bound=Callable[..., Any])

_CONFIGS = ("as-is", "rollback", "wal", "wal+hook")
_MOST_CLIENTS = 100_000
_MOST_PER_SECOND = 1_000_000.0


class _Numbers(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.4+
    """Numbers above 0 with commas between them."""

    name = "N,..."

    def __init__(self, number: type[int] | type[float], most: float) -> None:
        self._number = number
        self._most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the numbers, each once, in their order."""
        if isinstance(value, tuple):
            return value
        found: dict[float, None] = {}
        for part in str(value).split(","):
            try:
                number = self._number(part.strip())
            except ValueError:
                self.fail(f"{part.strip()!r} is not a number; expected such as 50,100,500", param)
            if not 0 < number <= self._most:
                self.fail(f"{number:g} is not above 0 and at most {self._most:,.0f}", param)
            found[number] = None
        return tuple(found)


_SECONDS = NumberRange(min=0.1, max=86_400)


_SENT = (
    partial(queries_option, required=True),
    click.option(
        "--mix",
        type=click.Choice(["recorded", "reads"]),
        default="recorded",
        show_default=True,
        help="Send all that was recorded, or only what reads.",
    ),
    click.option(
        "--clients",
        type=_Numbers(int, _MOST_CLIENTS),
        default="50,100,500",
        show_default=True,
        help="How many clients, each of which waits for its answer; several are tried in turn.",
    ),
    click.option(
        "--rate",
        type=_Numbers(float, _MOST_PER_SECOND),
        help="Instead of clients: how many come in a second, whether or not answers do.",
    ),
    click.option(
        "--duration",
        metavar="S",
        type=_SECONDS,
        default=10.0,
        show_default=True,
        help="Seconds that count of each run, after a warm-up of a tenth.",
    ),
    click.option(
        "--think",
        metavar="MS",
        type=NumberRange(min=0, max=3_600_000),
        default=0.0,
        show_default=True,
        help="Milliseconds between a client's answer and its next request.",
    ),
    click.option(
        "--timeout",
        metavar="S",
        type=_SECONDS,
        default=30.0,
        show_default=True,
        help="Seconds after which a client gives up.",
    ),
    recorded_as_option,
    click.option("--strict", is_flag=True, help="Stop at a broken line of a recording."),
)
_SIDES = (
    click.option(
        "--config",
        "configs",
        multiple=True,
        type=click.Choice(_CONFIGS),
        default=("as-is", "wal+hook"),
        show_default=True,
        help="How the application uses the file; several are compared, in this order.",
    ),
    click.option(
        "--with-indexes",
        metavar="REPORT",
        shell_complete=complete_reports,
        type=click.Path(path_type=Path),
        help="Try each also with the new indexes of a report (analyze --output).",
    ),
    click.option(
        "--postgres",
        metavar="URL",
        help="Send the same to the PostgreSQL that DB was migrated to; or: embedded.",
    ),
    click.option(
        "--schema",
        metavar="NAME",
        default="public",
        show_default=True,
        help="The schema that it was migrated to.",
    ),
    click.option(
        "--processes",
        metavar="N",
        type=click.IntRange(1, 64),
        default=2,
        show_default=True,
        help="Processes of the application.",
    ),
    click.option(
        "--threads",
        metavar="N",
        type=click.IntRange(1, 1_000),
        default=4,
        show_default=True,
        help="Connections of each process, which clients wait for in turn.",
    ),
    click.option(
        "--scratch",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Where the copies lie; the disk that the database is on tells most.",
    ),
)
_FORMS = (
    click.option("--json", is_flag=True, help="Print all figures as JSON."),
    click.option(
        "--csv",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Also write all figures as CSV, a row for each run and query shape.",
    ),
    click.option(
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Also write all figures as JSON to this file.",
    ),
    page_option,
)


def bench_options(command: F) -> F:
    """Add all options: what is sent, what it is sent to, and how the result is written."""
    return section(
        GENERAL,
        section("What is sent", *_SENT),
        section("What it is sent to", *_SIDES),
        section("What comes out", *_FORMS),
    )(command)


def chosen_options(chosen: dict[str, Any]) -> BenchOptions:
    """Return the journey's options. Raises ConfigurationError for a report that is none."""
    from dbtune.journeys.bench import BenchOptions
    from dbtune.model.load import LoadRate, LoadSettings
    from dbtune.report.documents.run_file import read_report_file

    rates, report = chosen["rate"], chosen["with_indexes"]
    return BenchOptions(
        queries=chosen["queries"],
        configs=tuple(dict.fromkeys(chosen["configs"])),
        rates=tuple(
            [LoadRate(per_second=rate) for rate in rates]
            if rates
            else [LoadRate(count) for count in chosen["clients"]]
        ),
        settings=LoadSettings(
            duration_s=chosen["duration"],
            think_ms=chosen["think"],
            timeout_s=chosen["timeout"],
            processes=chosen["processes"],
            threads=chosen["threads"],
        ),
        mix=chosen["mix"],
        indexes=None if report is None else read_report_file(report),
        postgres=chosen["postgres"],
        schema=chosen["schema"],
        scratch=chosen["scratch"],
        strict=chosen["strict"],
        recorded_as=chosen["recorded_as"],
    )
