"""Runs sorted into the histories of their databases, and what opened and closed between them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.advice import Severity
from dbtune.model.digest import NamedCount, Names, QueryDigest
from dbtune.model.page import Table
from dbtune.model.run import Run
from dbtune.web.history import count_by_severity, histories, steps
from dbtune.web.history_blocks import history_blocks
from dbtune.web.history_pages import database_page, index_page
from dbtune.web.summary import RunSummary, SeenFinding, summary_of
from tests.reports import FULL, MIGRATED, REPORTS, WITHOUT_RECORDING
from tests.unit.test_read_run import COMPARED, LOADED

NO_NAMES = Names((), 0)
DIGEST = QueryDigest(
    "2026-03-01T10:15:30+00:00", "0.1.0", ("q.jsonl",), "total", "calls", None, None, None, 1, 1,
    1.0, 0.0, 1, None, None, None, NO_NAMES, (), None, (), 0, (),
)  # fmt: skip
HIGH = SeenFinding("missing-index", "ix_a", "high", "reads all rows")
LOW = SeenFinding("freelist", "file", "low", "half of it is free")


def run(
    moment: float | None,
    *findings: SeenFinding,
    database: str = "/srv/app.db",
    command: str = "analyze",
    cost: float | None = 1e9,
    looked: bool = True,
) -> RunSummary:
    """Return a run at a time, its file named after that."""
    return RunSummary(
        id=f"{moment}{database}{command}{cost}",
        path=f"{moment}.json",
        command=command,
        created_at="",
        moment=moment,
        database=database,
        told="",
        tone="neutral",
        cost_before=cost,
        findings=findings if looked else None,
    )


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["/srv/app.db", "app.db"], [{"/srv/app.db", "app.db"}]),
        (["/srv/app.db", "./srv/app.db"], [{"/srv/app.db", "./srv/app.db"}]),
        (["/srv/app.db", "../srv/app.db"], [{"/srv/app.db", "../srv/app.db"}]),
        (["data/app.db", "app.db"], [{"data/app.db", "app.db"}]),
        (
            ["/x/data/app.db", "data/app.db", "app.db"],
            [{"/x/data/app.db", "data/app.db", "app.db"}],
        ),
        (["/a/app.db", "/b/app.db", "app.db"], [{"/a/app.db"}, {"/b/app.db"}, {"app.db"}]),
        (["/a/app.db", "/a/my-app.db", "app.db"], [{"/a/app.db", "app.db"}, {"/a/my-app.db"}]),
        (["/app.db", "/srv/app.db"], [{"/app.db"}, {"/srv/app.db"}]),
        (["", "app.db"], [{""}, {"app.db"}]),
    ],
)
def test_runs_belong_together_by_the_path_of_the_database(
    names: list[str], groups: list[set[str]]
) -> None:
    """A part of a path is taken for the one longer path that ends like it, and for no other."""
    found = histories(run(number, database=name) for number, name in enumerate(names))
    together = [{each.database for each in history.runs} for history in found]
    assert sorted(together, key=sorted) == sorted(groups, key=sorted)


def test_runs_are_in_the_order_they_were_made_in() -> None:
    """Whatever their files are called; those without a time come first."""
    (history,) = histories([run(3.0), run(1.0), run(None), run(2.0)])
    assert [each.moment for each in history.runs] == [None, 1.0, 2.0, 3.0]
    latest = histories([run(1.0, database="/a.db"), run(2.0, database="/b.db")])
    assert [history.name for history in latest] == ["b.db", "a.db"]


def test_a_finding_is_the_same_by_its_code_and_subject() -> None:
    """Another severity or message does not open it anew."""
    again = replace(HIGH, severity="low", message="reads half of the rows")
    other = replace(HIGH, subject="ix_b")
    (step,) = steps([run(1.0, HIGH, LOW), run(2.0, again, other)])
    assert (step.opened, step.closed, step.still_open) == ((other,), (LOW,), 1)


@pytest.mark.parametrize(
    "between",
    [
        run(1.5, cost=None),
        run(1.5, command="migrate-to-postgres", cost=None),
        run(1.5, command="apply-indexes", looked=False),
        run(1.5, command="bench", looked=False, cost=None),
    ],
)
def test_only_comparable_runs_close_findings(between: RunSummary) -> None:
    """Not one without a recording, of another command, or that looked for nothing."""
    (step,) = steps([run(1.0, HIGH), between, run(2.0, HIGH)])
    assert (step.opened, step.closed, step.still_open) == ((), (), 1)
    assert (step.before.moment, step.after.moment) == (1.0, 2.0)


def test_findings_are_counted_by_severity() -> None:
    """All four, also those that there are none of."""
    expected: dict[Severity, int] = {"high": 2, "medium": 0, "low": 1, "info": 0}
    assert count_by_severity([HIGH, LOW, HIGH]) == expected


@pytest.mark.parametrize(
    ("found", "command", "database"),
    [
        (FULL, "analyze", FULL.source.path),
        (LOADED, "bench", "platform.db"),
        (COMPARED, "compare", ""),
        (replace(COMPARED, base=replace(COMPARED.base, database="a.db")), "compare", "a.db"),
        (DIGEST, "queries", ""),
        (replace(DIGEST, database="app.db"), "queries", "app.db"),
        (replace(DIGEST, databases=Names((NamedCount("b.db", 1),), 1)), "queries", "b.db"),
        (replace(DIGEST, databases=Names((NamedCount("b.db", 1),), 2)), "queries", ""),
    ],
)
def test_every_kind_of_run_has_its_command_and_database(
    found: Run, command: str, database: str
) -> None:
    """As far as it names one."""
    summary = summary_of(found, "id", "run.json")
    assert (summary.command, summary.database) == (command, database)
    assert summary.told


def test_open_findings_are_those_of_commands_that_look_for_them() -> None:
    """What apply-indexes lists was acted on, and neither opened nor closed."""
    assert len(summary_of(FULL, "", "").findings or ()) == len(FULL.findings)
    assert summary_of(MIGRATED, "", "").findings is not None
    assert summary_of(REPORTS["applied"], "", "").findings is None
    assert summary_of(WITHOUT_RECORDING, "", "").cost_before is None


@pytest.mark.parametrize(
    ("created_at", "moment"),
    [
        ("2026-03-01T10:15:30+00:00", 1772360130.0),
        ("2026-03-01T10:15:30Z", 1772360130.0),
        ("2026-03-01T12:15:30+02:00", 1772360130.0),
        ("2026-03-01T10:15:30", 1772360130.0),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_utc_and_what_is_none_is_told_as_it_is(
    created_at: str, moment: float | None
) -> None:
    """A document may hold anything there."""
    assert summary_of(replace(FULL, created_at=created_at), "", "").moment == moment


def test_a_long_history_is_whole_on_its_own_page_only() -> None:
    """The page of all databases has the latest runs, and says where the others are."""
    (history,) = histories(run(float(number), HIGH) for number in range(50))
    table = next(block for block in history_blocks(history, "", 20) if isinstance(block, Table))
    assert [row[0].value for row in table.rows] == [float(number) for number in range(49, 29, -1)]
    assert table.caption.endswith("30 earlier ones are on its own page")
    table = next(block for block in history_blocks(history, "") if isinstance(block, Table))
    assert len(table.rows) == 50 and "earlier" not in table.caption


def test_pages_are_made_of_any_history() -> None:
    """Of none, of one run, and of runs that say nothing of cost, findings or time."""
    assert index_page((), ()).verdict == "No runs yet."
    for runs in ([run(None, looked=False, cost=None, database="")], [run(1.0), run(1.0, HIGH)]):
        known = histories(runs)
        assert index_page(known, ()).sections
        assert all(database_page(history).trail for history in known)
