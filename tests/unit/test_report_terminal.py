"""What a report looks like in a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from wcwidth import wcswidth

from dbtune.model.advice import Evidence, Finding, Report, ShapeReport, TableOutcome, Verdict
from dbtune.report import quantities
from dbtune.report.documents.to_json import to_json
from dbtune.report.terminal.to_terminal import to_terminal
from tests.findings import HOSTILE, MISSING_BOOKINGS, MISSING_CHEFS, ROLLBACK_JOURNAL
from tests.reports import FULL, MIGRATED, NOTHING_FOUND, REPORTS, SHAPES, WITHOUT_RECORDING


def draw(report: Report, width: int = 80, color: bool = False) -> str:
    """Draw without colour, 80 columns wide."""
    return to_terminal(report, width=width, color=color)


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_no_line_is_wider_than_the_terminal(report: Report, width: int) -> None:
    """Wide characters count as the two columns they take."""
    too_wide = [line for line in draw(report, width).splitlines() if wcswidth(line) > width]
    assert not too_wide


def test_sections_come_in_the_order_a_reader_needs_them() -> None:
    """Verdict, then findings by severity, then query shapes, proposed indexes, what is open."""
    text = draw(FULL)
    places = [
        text.index(mark)
        for mark in (
            "can be 62x faster",
            "$ dbtune apply-indexes platform.db",
            "HIGH (2)",
            "MEDIUM (3)",
            "LOW (2)",
            "INFO (1)",
            "Query shapes",
            "Proposed indexes",
            "Not checked",
            "Notes",
        )
    ]
    assert places == sorted(places)


def test_only_three_actions_are_given() -> None:
    """More than three things to do first is none."""
    assert FULL.verdict is not None
    actions = tuple(f"Do {number}: dbtune optimize {number}" for number in "12345")
    text = draw(replace(FULL, findings=(), verdict=replace(FULL.verdict, actions=actions)))
    assert "$ dbtune optimize 3" in text and "optimize 4" not in text


def test_color_adds_styles_and_nothing_else() -> None:
    """Without colour there is no escape, and with it the text is the same."""
    colored = draw(FULL, color=True)
    assert "\x1b[1;31mHIGH (2)\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]+m", "", colored) == draw(FULL)
    assert "\x1b" not in draw(FULL)


def test_hostile_names_arrive_as_escapes() -> None:
    """A table name can neither clear the screen, set the title, nor turn the text around."""
    text = draw(replace(FULL, findings=(HOSTILE,)))
    assert r"evil\x1b[2J" in text and r"\x1b]0;owned\x07" in text and r"\u202e" in text
    assert '"\\n-- name' in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_columns_stay_aligned_beside_wide_characters() -> None:
    """East Asian text and emoji in a query do not move the columns of other rows."""
    wide = replace(SHAPES[2], text="DELETE FROM \u30ec\u30d3\u30e5\u30fc WHERE \u8a55 = 1 " * 9)
    plain = replace(SHAPES[1], text="DELETE FROM chefs")
    text = draw(replace(FULL, shapes=(wide, plain)), width=80)
    rows = [line for line in text.splitlines() if re.match(r"[12]  (c0ffee|77aa88)", line)]
    assert len(rows) == 2
    assert len({wcswidth(row[: row.index("DELETE")]) for row in rows}) == 1
    assert all(wcswidth(row) <= 80 for row in rows)
    index = replace(FULL.considered[0], name="\U0001f40c\u65e5\u672c_index")
    proposed = draw(replace(FULL, considered=(index, FULL.considered[1])))
    assert "unused" in proposed and "\U0001f40c\u65e5\u672c_index: no query uses it" in proposed


def test_unit_of_evidence_follows_from_its_name() -> None:
    """Each figure stands in the unit that people read it in."""
    evidence = (
        Evidence("wait_ns", 1_234_567),
        Evidence("size_bytes", 4_014_080),
        Evidence("hit_ratio", 0.351),
        Evidence("rows", 1_234_567),
        Evidence("calls_count", 12),
        Evidence("span_seconds", 90),
        Evidence("exact", True),
    )
    text = draw(replace(FULL, findings=(replace(ROLLBACK_JOURNAL, evidence=evidence),)))
    flat = " ".join(text.split())
    for shown in ("wait 1.2 ms", "size 4.0 MB", "hit 35 %", "rows 1,234,567", "calls 12"):
        assert shown in flat
    assert "span 90 s" in flat and "exact yes" in flat


def test_before_and_after_stand_together() -> None:
    """A pair of figures is read as one."""
    assert "cost 151 s -> 1.7 s" in draw(FULL)


def test_help_is_given_once_for_a_code() -> None:
    """The second finding of the same kind does not repeat what the first said."""
    text = " ".join(draw(replace(FULL, findings=(MISSING_BOOKINGS, MISSING_CHEFS))).split())
    assert text.count(MISSING_BOOKINGS.help) == 1


def test_more_of_the_same_is_told_briefly() -> None:
    """From the fourth low finding of a code on: subject, its own evidence and command alone."""
    same = tuple(
        replace(
            MISSING_BOOKINGS,
            severity="low",
            subject=f"ix_{n}",
            message=f"Message {n}.",
            evidence=(*MISSING_BOOKINGS.evidence, Evidence("table_rows", n)),
        )
        for n in range(5)
    )
    text = draw(replace(FULL, findings=same))
    assert "Message 2." in text and "Message 3." not in text
    assert text.count("cost 151 s -> 1.7 s") == 3 and text.count("table rows ") == 5
    assert "  missing-index  ix_4\n" in text
    severe = tuple(replace(finding, severity="high") for finding in same)
    assert "Message 4." in draw(replace(FULL, findings=severe))


def test_long_lists_are_cut() -> None:
    """Thirty query ids prove no more than six."""
    evidence = (Evidence("queries", tuple(f"{n:012x}" for n in range(30))),)
    text = draw(replace(FULL, findings=(replace(ROLLBACK_JOURNAL, evidence=evidence),)))
    assert "000000000005, and 24 more" in " ".join(text.split())


def test_plan_is_told_step_by_step() -> None:
    """With the inner steps indented, as SQLite prints them; an empty list says nothing."""
    plan = ("SCAN chefs", "CORRELATED SCALAR SUBQUERY 1", "  SEARCH bookings")
    evidence = (Evidence("plan", plan), Evidence("stale_tables", ()))
    text = draw(replace(FULL, findings=(replace(ROLLBACK_JOURNAL, evidence=evidence),)))
    assert (
        "    plan\n      SCAN chefs\n      CORRELATED SCALAR SUBQUERY 1\n        SEARCH bookings\n"
    ) in text
    assert "stale tables" not in text


def test_long_query_to_write_instead_has_dots_for_what_it_selects() -> None:
    """It is an example to follow, and nine lines of columns hide what matters in it."""
    columns = ", ".join(f"users.column_{n}" for n in range(30))
    command = f"SELECT {columns} FROM users WHERE users.id IN (?, ...)"
    text = draw(replace(FULL, findings=(replace(ROLLBACK_JOURNAL, command=command, change=None),)))
    assert "    sqlite> SELECT ... FROM users WHERE users.id IN (?, ...);\n" in text


def test_command_names_the_database_in_place_of_DB() -> None:
    """Rules do not know the path; a reader who copies the command needs it."""
    finding = replace(ROLLBACK_JOURNAL, command="dbtune optimize DB", change=None)
    source = replace(FULL.source, path="my shop.db")
    text = draw(replace(FULL, source=source, findings=(finding,)))
    assert "$ dbtune optimize 'my shop.db'\n" in text


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT t.a, t.b, t.c FROM t WHERE t.a = ?", "FROM t WHERE a = ?"),
        ("SELECT * FROM t", "FROM t"),
        ("SELECT DISTINCT a FROM t", "SELECT DISTINCT a FROM t"),
        ("SELECT 1", "SELECT 1"),
        (
            "SELECT u.a, v.b FROM u JOIN v ON u.id = v.id",
            "FROM u JOIN v ON u.id = v.id",
        ),
        ("SELECT u.a, v.b FROM u, v WHERE u.id = 1", "FROM u, v WHERE u.id = 1"),
        ("UPDATE t SET a = ?", "UPDATE t SET a = ?"),
    ],
)
def test_query_in_a_narrow_table_is_what_tells_it_apart(sql: str, shown: str) -> None:
    """Not what it selects, but from where and by what."""
    text = draw(replace(FULL, shapes=(replace(SHAPES[0], text=sql),)))
    assert f"  {shown}\n" in text


def test_commands_run_when_copied() -> None:
    """A shell command breaks before an option, behind a backslash, and SQL ends in a semicolon."""
    text = draw(FULL, width=60)
    assert (
        "    $ dbtune apply-indexes platform.db \\\n"
        "        --queries platform.queries.jsonl \\\n"
        "        --only ix_bookings_user_id_created_at\n"
    ) in text
    assert "sqlite> DROP INDEX idx_users_bio;" in text


def test_nothing_found_is_said_in_one_clear_line() -> None:
    """An empty result says what was checked and how to change that."""
    first = " ".join(draw(NOTHING_FOUND).split("\n\n")[0].split())
    assert first == (
        "Nothing to change: 37,548 calls of 4 query shapes checked on platform.db, and no index "
        "gains enough. Use --min-gain to change."
    )


@pytest.mark.parametrize(
    ("gain_ratio", "said"),
    [(0.5, "2.0x faster"), (0.04, "4 % cheaper"), (0.002, "0.2 % cheaper")],
)
def test_small_gain_is_no_factor(gain_ratio: float, said: str) -> None:
    """Nobody is 1.0x faster, and an index that is recommended gains something."""
    verdict = Verdict(1e9, 1e9 * (1 - gain_ratio), gain_ratio, ())
    report = replace(FULL, verdict=verdict, findings=(MISSING_BOOKINGS,))
    assert draw(report).startswith(f"platform.db can be {said}.\n")


def test_what_to_do_comes_again_where_it_scrolled_away() -> None:
    """On a screen lower than the report, and only there: a file begins with it."""
    text = draw(FULL)
    lines = text.count("\n")
    first = text.partition("\n\nHIGH")[0]
    low = to_terminal(FULL, width=80, color=False, height=24)
    assert low == f"{text}\n{first}\n"
    assert "$ dbtune apply-indexes" in first
    assert to_terminal(FULL, width=80, color=False, height=lines + 1) == text


def test_what_a_migration_came_to_comes_again_where_it_scrolled_away() -> None:
    """The line alone: its table is long."""
    moved = replace(REPORTS["migrated"], verdict=None)
    text = draw(moved)
    first = text.partition("\n")[0]
    assert "differ from SQLite" in first
    assert to_terminal(moved, width=80, color=False, height=5) == f"{text}\n{first}\n"


def test_without_a_recording_it_says_how_to_make_one() -> None:
    """Schema and health only, and the way to more."""
    text = draw(WITHOUT_RECORDING)
    assert text.startswith("1 finding in the schema and health of platform.db.\n")
    assert "No recording given" in text
    record = "  $ dbtune record -o queries.jsonl -- python app.py\n"
    analyze = "  $ dbtune analyze /srv/app/platform.db --queries queries.jsonl\n"
    assert record + analyze in text
    assert "faster" not in text


def test_report_of_nothing_at_all_is_still_a_report() -> None:
    """An empty database without a recording."""
    empty = replace(WITHOUT_RECORDING, findings=())
    assert draw(empty).startswith("Nothing found in the schema and health of platform.db.")


def test_changed_database_is_faster_and_not_could_be() -> None:
    """After apply-indexes the gain is there, with the revision and the backup."""
    text = draw(REPORTS["applied"])
    assert "platform.db is now 62x faster." in text
    assert "a1b2c3d4e5f6 applied, write lock 310 ms: serves 2 query shapes" in text
    assert "backup: platform.db.dbtune/backup-20260301T101530Z.db" in text


def test_changed_database_that_is_no_faster_says_so() -> None:
    """--min-gain and recordings are matters of analyze, not of what was done."""
    assert FULL.verdict is not None
    verdict = replace(FULL.verdict, cost_after=FULL.verdict.cost_before, gain_ratio=0.0)
    applied = replace(REPORTS["applied"], findings=(), verdict=verdict)
    assert draw(applied).startswith("platform.db is no faster: the recorded queries cost 203 s")
    unmeasured = draw(replace(applied, verdict=None, shapes=(), considered=()))
    assert unmeasured.startswith("Changes\n")


def test_table_of_many_shapes_ends_with_what_was_left_out() -> None:
    """Two hundred shapes are not two hundred lines."""
    many = tuple(replace(SHAPES[0], id=f"{n:012x}", share=0.005) for n in range(200))
    text = draw(replace(FULL, shapes=many))
    assert "and 175 more with 88 % of the cost: see --json" in text


def test_gain_without_cost_after_is_no_division_by_zero() -> None:
    """A workload that costs nothing gains nothing."""
    idle = replace(FULL, verdict=Verdict(0.0, 0.0, 0.0, ()), findings=(ROLLBACK_JOURNAL,))
    assert draw(idle).startswith("No new index: ")


def test_long_unbreakable_names_do_not_break_the_report() -> None:
    """A name of 300 letters is wrapped in prose and left whole in a command."""
    name = "n" * 300
    finding = Finding("full-scan", "low", name, f"Table {name}.", command=f"dbtune check {name}")
    text = draw(replace(FULL, findings=(finding,)), width=60)
    assert f"    {name}\n" in text
    assert all(
        len(line) <= 60
        for line in text.splitlines()
        if line != f"        {name}" and name not in line
    )


def test_every_figure_on_the_terminal_is_in_the_document() -> None:
    """What is drawn can be read by a program too; only sums and quotients are made here."""
    document = json.loads(to_json(FULL))
    known = set(_figures(" ".join(_strings(document))))
    for value in _numbers(document):
        known.update(figure for form in _forms(value) for figure in _figures(form))
    derived = (
        [len(FULL.shapes), sum(shape.count for shape in FULL.shapes)]
        + [len([f for f in FULL.findings if f.severity == s]) for s in ("high", "medium", "low")]
        + [len(index.used_by) for index in FULL.considered]
        + [len(FULL.considered), 1, 2, 3]
    )
    known.update(quantities.format_count(value) for value in derived)
    left = sum(shape.count * shape.cost_after for shape in SHAPES)
    shares = (shape.count * shape.cost_after / left for shape in SHAPES)
    known.update(quantities.format_ratio(share).removesuffix(" %") for share in shares)
    known.update(_figures(quantities.format_moment(FULL.created_at)))
    known.add("62")  # times faster: cost_before / cost_after
    for width in (80, 160):
        unknown = [figure for figure in _figures(draw(FULL, width)) if figure not in known]
        assert not unknown


def _figures(text: str) -> list[str]:
    return re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\d\w])", text)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _strings(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _strings(item))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict):
        yield from (number for item in value.values() for number in _numbers(item))
    elif isinstance(value, list):
        yield from (number for item in value for number in _numbers(item))


def _forms(value: float) -> list[str]:
    return [
        quantities.format_duration(value),
        quantities.format_duration(value * 1e9),
        quantities.format_size(value),
        quantities.format_ratio(value),
        quantities.format_change(value),
        quantities.format_count(value),
    ]


def test_shapes_are_listed_by_share() -> None:
    """The query that costs most stands first, whatever the order in the report."""
    text = draw(replace(FULL, shapes=tuple(reversed(SHAPES))))
    rows = re.findall(r"^(\d+)  ([0-9a-f]{6})  ", text, re.MULTILINE)
    assert rows == [(str(place), shape.id[:6]) for place, shape in enumerate(SHAPES, start=1)]


def test_measured_time_is_shown_beside_cost_where_there_is_room() -> None:
    """The wide table has both; the narrow one the cost alone."""
    timed: ShapeReport = SHAPES[0]
    assert "time before" in draw(replace(FULL, shapes=(timed,)), width=160)
    assert "time before" not in draw(replace(FULL, findings=(), shapes=(timed,)), width=80)


def test_a_table_of_tables_fits_the_terminal_and_says_nothing_of_what_there_is_not() -> None:
    """Neither headings nor names are broken; rejected rows have a column only where there are."""
    wide = TableOutcome("campaign_applications", "t", 48_007, 8_000_000, 0, 0, 5, True, "arrow", 1)
    text = to_terminal(replace(MIGRATED, tables=(wide,)), width=80, color=False)
    assert max(map(wcswidth, text.splitlines())) <= 80
    assert "rejected" not in text and "types" not in text
    assert "rejected" in to_terminal(MIGRATED, width=80, color=False)
