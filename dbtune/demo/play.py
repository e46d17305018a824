"""Five days on the platform: every page is played on a throw-away copy, and recorded."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from dbtune.demo import pages_cooking, pages_office, pages_social
from dbtune.demo.chance import Chance
from dbtune.demo.database import NOW
from dbtune.demo.page import Page
from dbtune.demo.population import Population
from dbtune.demo.statements import read_statements
from dbtune.demo.visit import Stage, Visit
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.workload import RecordedQuery
from dbtune.resources import sql

PAGES = (*pages_cooking.PAGES, *pages_social.PAGES, *pages_office.PAGES)

_DAYS = 5


def play_pages(
    database: Path, population: Population, scale: float, *, on_event: OnEvent = ignore_event
) -> Iterator[RecordedQuery]:
    """Yield the statements of the platform's next five days, in the order of time.

    `rows` is what each statement returned or changed on the copy; `duration_ns` is typical for
    the scale, not measured (see Visit). The database itself is only read. The same population and
    scale give the same statements.
    """
    chance = Chance("five days on the platform")
    schedule = _shuffled([page for page in PAGES for _ in range(page.visits)], chance)
    with _copy(database) as connection:
        stage = Stage(connection, read_statements(), population, scale)
        step = timedelta(days=_DAYS) / len(schedule)
        for number, page in enumerate(schedule):
            if number % 50 == 0:
                on_event(Event("recording its pages", number, len(schedule)))
            started = NOW + step * number + step * 0.5 * chance.fraction()
            visit = Visit(number + 1, page.route, started, stage, chance)
            page.play(visit)
            yield from _summed_up(visit, page) if page.summed else visit.recorded


@contextmanager
def _copy(database: Path) -> Iterator[sqlite3.Connection]:
    # A database without a name is private and temporary: in memory while it fits the cache, in a
    # file that nobody else sees beyond that, and gone when it is closed or the process is killed.
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = -131072")
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source:
            source.backup(connection)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(sql("platform/play_indexes"))
        # One transaction for all: a commit would write the changed pages to the file each time.
        connection.execute("BEGIN")
        connection.row_factory = sqlite3.Row
        yield connection


def _summed_up(visit: Visit, page: Page) -> Iterator[RecordedQuery]:
    runs = visit.chance.up_to(page.summed)
    for query in visit.recorded:
        yield dataclasses.replace(query, count=runs, request_id=None, transaction_id=None)


def _shuffled(pages: list[Page], chance: Chance) -> list[Page]:
    keyed = [(chance.fraction(), number) for number in range(len(pages))]
    return [pages[number] for _, number in sorted(keyed)]
