"""What the page of analyze, apply-indexes and enable-wal shows, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.advice import AppliedChange, Finding, Report, Verdict
from dbtune.model.explanation import TriedIndex
from dbtune.model.overview import ForeignKeyOverview, HealthFact, IndexOverview, TableOverview
from dbtune.model.page import (
    BarChart,
    Bullets,
    Code,
    Commands,
    Details,
    Facts,
    FindingList,
    PlanTree,
    SchemaMap,
    ShareChart,
    Table,
)
from dbtune.report.pages.page_of import page_of
from tests.findings import UNUSED
from tests.reports import APPLIED, FULL, NOTHING_FOUND, REPORTS, WITHOUT_RECORDING
from tests.unit.report_pages.page_parts import block, of_kind, section, texts

ANALYZED = page_of(FULL, "run.json")


def test_verdict_figures_and_three_actions_come_first() -> None:
    """Who has a deadline reads no further; each action has its command apart."""
    assert ANALYZED.verdict == "platform.db can be 62x faster."
    assert ANALYZED.tone == "warning"
    figures = {fact.label: fact.value for fact in ANALYZED.figures}
    assert figures["Cost of the recording"] == "203 s -> 3.3 s"
    assert figures["Measured on a copy"] == "198 s -> 3.1 s"
    assert [action.command.split(" ")[1:2] for action in ANALYZED.actions] == [
        ["apply-indexes"],
        ["enable-wal"],
        [],
    ]


def test_sections_stand_in_the_order_in_which_one_asks() -> None:
    """What it costs, what is wrong, why, and only then what there is for reference."""
    assert [found.anchor for found in ANALYZED.sections] == [
        *("cost", "findings", "queries", "indexes", "schema", "routes", "health"),
        *("not-checked", "notes", "next", "environment"),
    ]


@pytest.mark.parametrize("name", [name for name in REPORTS if name != "migrated"])
def test_a_section_without_content_is_left_out(name: str) -> None:
    """No heading stands above nothing."""
    page = page_of(REPORTS[name])
    assert all(found.blocks for found in page.sections)


def test_without_a_recording_the_page_says_how_to_get_one() -> None:
    """No query was checked, which the verdict says as well."""
    page = page_of(WITHOUT_RECORDING)
    assert page.verdict.endswith("No recording given, so no query was checked.")
    assert page.actions[0].command == "dbtune record -o queries.jsonl -- python app.py"
    assert "analyze /srv/app/platform.db --queries" in page.actions[1].command


def test_nothing_found_is_good_news() -> None:
    """And says what was checked."""
    page = page_of(NOTHING_FOUND)
    assert page.tone == "good"
    assert page.verdict.startswith("Nothing to change: ")


def test_a_dry_run_promises_and_leads_to_the_change() -> None:
    """Nothing was changed yet, so that it is not faster now."""
    page = page_of(replace(APPLIED, changes=(), verdict=_without_actions(FULL)), "run.json")
    assert page.verdict == "platform.db can be 62x faster."
    assert page.tone == "warning"
    assert page.actions[0].command == "dbtune apply-indexes /srv/app/platform.db --from run.json"


def _without_actions(report: Report) -> Verdict:
    assert report.verdict is not None
    return replace(report.verdict, actions=())


def test_a_damaged_file_comes_before_a_faster_one() -> None:
    """Whatever indexes would gain."""
    damaged = Finding("integrity-error", "high", "platform.db", "Page 7 is used twice.")
    page = page_of(replace(FULL, findings=(*FULL.findings, damaged)))
    assert page.tone == "bad"
    assert page.verdict.startswith("The file is damaged: ")
    assert page.verdict.endswith("platform.db can be 62x faster.")


def test_why_nothing_was_changed_is_said_once() -> None:
    """In the verdict, and not again among the notes."""
    done = "all 35 changes asked for are in place already"
    nothing = "nothing was changed: no index is left to create or drop"
    notes = (done, nothing, "a hint")
    report = replace(APPLIED, verdict=None, changes=(), findings=(), notes=notes)
    page = page_of(report)
    assert page.tone == "neutral"
    assert page.verdict == (
        "platform.db: nothing was changed. All 35 changes asked for are in place already; no index "
        "is left to create or drop."
    )
    assert block(page, "notes", Bullets).items == ("a hint",)
    already = "nothing was changed: the database is in WAL mode already"
    page = page_of(replace(report, command="enable-wal", notes=(already,)))
    assert page.verdict.endswith("The database is in WAL mode already.")
    assert [found for found in page.sections if found.anchor == "notes"] == []


def test_health_of_before_a_change_says_so() -> None:
    """What was read back stands beside it, and is no longer wrong."""
    before = HealthFact("journal_mode", "delete", "a writer waits for all readers")
    health = (before, HealthFact("journal_mode_after", "wal"))
    page = page_of(replace(APPLIED, command="enable-wal", health=health))
    assert section(page, "health").title == "WAL, pragmas and health before"
    (fact,) = block(page, "health", Facts).items
    assert (fact.value, fact.tone, fact.note) == ("delete \u2192 wal", "neutral", "")


class TestFindings:
    """Cards of findings."""

    cards = block(ANALYZED, "findings", FindingList).items

    def test_the_worst_come_first(self) -> None:
        """In the order of their severities."""
        severities = [card.severity for card in self.cards]
        assert severities == sorted(severities, key=("high", "medium", "low", "info").index)
        assert len(self.cards) == len(FULL.findings)

    def test_evidence_has_units_and_the_call_site_its_own_place(self) -> None:
        """As the terminal has it, before and after in one."""
        repeated = next(card for card in self.cards if card.code == "n-plus-one")
        assert repeated.call_site == "platform_app/views/chefs.py:118"
        assert "call site" not in {fact.label for fact in repeated.evidence}
        missing = next(c for c in self.cards if c.subject == "ix_bookings_user_id_created_at")
        evidence = {fact.label: fact.value for fact in missing.evidence}
        assert evidence["cost"] == "151 s -> 1.7 s"
        assert evidence["size"] == "4.0 MB"

    def test_a_new_index_is_explained(self) -> None:
        """By the plan of its dearest query, what writes pay, and its rival."""
        missing = next(c for c in self.cards if c.subject == "ix_bookings_user_id_created_at")
        assert {"its work", "runner-up", "SQL"} <= {fact.label for fact in missing.evidence}

    def test_a_command_names_the_database(self) -> None:
        """One of dbtune's for a shell, or else the statement."""
        for card in self.cards:
            assert " DB" not in card.command
        unused = next(card for card in self.cards if card.code == "unused-index")
        assert unused.command == UNUSED.command


class TestShapes:
    """Costs and query shapes."""

    def test_the_dearest_are_drawn_before_and_after(self) -> None:
        """In the cost of all their calls, with the factor beside them."""
        chart = block(ANALYZED, "cost", BarChart)
        dearest = max(FULL.shapes, key=lambda shape: shape.count * shape.cost_before)
        assert chart.bars[0].label.startswith(dearest.id[:6])
        assert chart.bars[0].before == dearest.count * dearest.cost_before
        assert chart.bars[0].note.endswith("x less")
        assert block(ANALYZED, "cost", ShareChart).parts[0].ratio <= 1

    def test_costs_that_stay_are_drawn_once(self) -> None:
        """Where no index is recommended there is no before and no after."""
        shapes = tuple(replace(shape, cost_after=shape.cost_before) for shape in FULL.shapes)
        page = page_of(replace(FULL, shapes=shapes, verdict=Verdict(9e9, 9e9, 0.0, ())))
        chart = block(page, "cost", BarChart)
        assert all(bar.after is None for bar in chart.bars)
        assert section(page, "cost").title == "Cost"
        assert page.figures[0].value == "9.0 s"

    def test_more_than_twenty_are_summed_in_a_line(self) -> None:
        """What is not drawn is not forgotten."""
        shapes = tuple(
            replace(
                FULL.shapes[0],
                id=f"{n:012x}",
                count=1.0,
                share=0.04,
                cost_before=2e9,
                cost_after=1e9,
            )
            for n in range(25)
        )
        page = page_of(replace(FULL, shapes=shapes))
        assert len(block(page, "cost", BarChart).bars) == 20
        assert "The other 5 cost 10 s before and 5.0 s after" in texts(section(page, "cost"))

    def test_all_stand_in_a_table_that_leads_to_their_details(self) -> None:
        """The statement in short there, and whole behind the link."""
        table = block(ANALYZED, "queries", Table)
        assert len(table.rows) == len(FULL.shapes)
        details = {d.anchor: d for d in of_kind(section(ANALYZED, "queries"), Details)}
        first = details[table.rows[0][1].anchor or ""]
        assert of_kind(first, Code)[0].text in {shape.text for shape in FULL.shapes}

    def test_details_tell_plans_indexes_and_what_was_tried(self) -> None:
        """And why no index helps the others."""
        tried = TriedIndex("CREATE INDEX t_a ON t (a)", 4096, 0.1, "gain-under-minimum")
        shape = replace(
            FULL.shapes[0],
            tried=(tried,),
            call_sites=("app.py:12",),
            served_by=("ix_bookings_user_id_created_at",),
        )
        page = page_of(replace(FULL, shapes=(shape, *FULL.shapes[1:])))
        told = texts(section(page, "queries"))
        assert "Looked at: t (a): 4.1 kB, would save 10 %" in told
        assert "under the minimum" in told
        assert "app.py:12" in told
        assert "No new index serves it: " in told
        assert of_kind(section(page, "queries"), PlanTree)


def test_indexes_tell_what_each_serves_and_why_its_rival_lost() -> None:
    """The new ones, those proposed and those that are there."""
    new, proposed, existing = (
        found for found in section(ANALYZED, "indexes").blocks if isinstance(found, Table)
    )
    assert new.rows[0][0].text == "ix_bookings_user_id_created_at"
    (rivals,) = of_kind(section(ANALYZED, "indexes"), Details)
    assert "3.1 MB smaller" in texts(rivals)
    assert [row[0].text for row in proposed.rows] == ["idx_bookings_user_id", "idx_chefs_is_active"]
    assert len(existing.rows) == sum(len(table.indexes) for table in FULL.overview)


def _table(name: str, *parents: str, indexes: tuple[IndexOverview, ...] = ()) -> TableOverview:
    keys = tuple(ForeignKeyOverview((f"{p}_id",), p, indexed=False) for p in parents)
    return TableOverview(name, 10, True, None, keys, indexes)


class TestSchemaMap:
    """The map of tables."""

    def test_new_and_needless_indexes_stand_at_their_tables(self) -> None:
        """Whatever the case of the table's name; those of constraints do not go."""
        bio = IndexOverview("idx_users_bio", ("bio",), None, False, False, 4096)
        unique = IndexOverview("sqlite_autoindex_users_1", ("email",), None, True, True, 4096)
        overview = (_table("users", indexes=(bio, unique)), _table("BOOKINGS", "Users"))
        page = page_of(replace(FULL, overview=overview))
        drawn = block(page, "schema", SchemaMap)
        indexes = {t.name: [(i.name, i.state) for i in t.indexes] for t in drawn.tables}
        assert indexes["users"] == [("idx_users_bio", "dropped")]
        assert indexes["BOOKINGS"] == [("ix_bookings_user_id_created_at", "new")]
        assert [(link.child, link.parent) for link in drawn.links] == [("BOOKINGS", "users")]

    def test_a_foreign_key_that_a_new_index_begins_with_is_indexed(self) -> None:
        """As the map is of what comes; an index for some rows only serves none."""
        key = ForeignKeyOverview(("USER_ID",), "users", indexed=False)
        overview = (_table("users"), replace(_table("bookings"), foreign_keys=(key,)))
        (link,) = block(page_of(replace(FULL, overview=overview)), "schema", SchemaMap).links
        assert link.indexed
        new = next(found for found in FULL.findings if found.code == "missing-index")
        assert new.change is not None and new.change.index is not None
        index = replace(new.change.index, where="total > 0")
        partial = replace(new, change=replace(new.change, index=index))
        report = replace(FULL, overview=overview, findings=(partial,))
        (link,) = block(page_of(report), "schema", SchemaMap).links
        assert not link.indexed

    def test_of_many_tables_those_that_findings_are_about_come_first(self) -> None:
        """And it says how many are left out."""
        overview = (*(_table(f"t{n}") for n in range(40)), _table("bookings"))
        page = page_of(replace(FULL, overview=overview))
        drawn = block(page, "schema", SchemaMap)
        assert len(drawn.tables) == 30
        assert drawn.tables[0].name == "bookings"
        assert "Left out are 11 more tables" in texts(section(page, "schema"))

    def test_an_index_that_is_there_already_is_not_new(self) -> None:
        """As in a report of what was applied and then looked at again."""
        there = IndexOverview(
            "ix_bookings_user_id_created_at", ("user_id", "created_at DESC"), None, False, False, 1
        )
        page = page_of(replace(FULL, overview=(_table("bookings", indexes=(there,)),)))
        (table,) = block(page, "schema", SchemaMap).tables
        assert [index.state for index in table.indexes] == ["existing"]


def test_an_index_that_serves_no_query_says_what_it_is_for() -> None:
    """It is there beside others, for what the planner would else do."""
    alone = replace(FULL.explanations[0], shapes=())
    page = page_of(replace(FULL, explanations=(alone,)))
    (bar,) = block(page, "indexes", BarChart).bars
    said = "keeps SQLite from a slower plan"
    assert (bar.note, block(page, "indexes", Table).rows[0][3].text) == (said, said)


class TestCommands:
    """What to run next, and how to go back."""

    @staticmethod
    def commands(report: Report, name: str = "") -> dict[str, str]:
        """Return the commands and what undoes them."""
        found = block(page_of(report, name), "next", Commands)
        return {command.text: command.undo for command in found.items}

    def test_an_analysis_names_its_own_file(self) -> None:
        """Quoted by the rules of a shell, with what takes each back."""
        report = replace(FULL, source=replace(FULL.source, path="/srv/my app/it's.db"))
        found = self.commands(report, "run 1.json")
        database = "'/srv/my app/it'\"'\"'s.db'"
        apply = f"dbtune apply-indexes {database} --from 'run 1.json'"
        assert found[apply] == f"dbtune rollback {database}"
        assert f"{apply} --drops" in found
        assert f"dbtune enable-wal {database}" in found
        assert "dbtune compare 'run 1.json' after.json" in found

    def test_what_is_not_known_is_in_angle_brackets_and_quoted(self) -> None:
        """Run as it is, a command must not take them for redirections."""
        assert any("--from '<this report>.json'" in text for text in self.commands(FULL))

    def test_what_was_applied_is_undone_or_restored(self) -> None:
        """From the backup that the report names."""
        found = self.commands(APPLIED, "applied.json")
        assert list(found) == [
            "dbtune check /srv/app/platform.db --from applied.json",
            "dbtune rollback /srv/app/platform.db",
            f"dbtune restore /srv/app/platform.db {APPLIED.backup}",
        ]

    def test_who_applied_can_go_back_from_the_top(self) -> None:
        """And who switched to WAL is told of the connections first."""
        undo = page_of(replace(APPLIED, verdict=None)).actions[1]
        assert undo.command == "dbtune rollback /srv/app/platform.db"
        page = page_of(replace(APPLIED, verdict=None, command="enable-wal"))
        assert "dbtune.install(engine)" in page.actions[0].text
        assert len(page.actions) == 3

    def test_a_rollback_is_not_rolled_back(self) -> None:
        """It leads to the list of revisions instead."""
        undone = (AppliedChange("a1", "down", ("DROP INDEX a",), "dbtune: add 1 index"),)
        report = replace(WITHOUT_RECORDING, command="rollback", changes=undone)
        assert not any("rollback" in text for text in self.commands(report))
        assert page_of(report).verdict == "Undone: add 1 index (revision a1)."


def test_changes_are_told_statement_by_statement() -> None:
    """With the revision, for how long others waited, and the backup."""
    told = texts(section(page_of(APPLIED), "changes"))
    assert "a1b2c3d4e5f6" in told
    assert "310 ms" in told
    assert APPLIED.backup is not None
    assert APPLIED.backup in told
    assert of_kind(section(page_of(APPLIED), "changes"), Code)[0].text.endswith(";")


def test_versions_are_told_once() -> None:
    """Those of SQLite stand in the environment, or else with the database."""
    with_environment = texts(section(ANALYZED, "environment")).splitlines()
    assert with_environment.count("SQLite") == 1
    without = texts(section(page_of(replace(FULL, environment=None)), "environment")).splitlines()
    assert without.count("SQLite") == 1
