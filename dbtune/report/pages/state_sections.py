"""The database's health, what was not checked, what was changed, and where all that was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.advice import AppliedChange, Report, Source
from dbtune.model.explanation import NotAnalyzed
from dbtune.model.overview import Environment, HealthFact
from dbtune.model.page import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Fact,
    Facts,
    Section,
    Table,
    Text,
)
from dbtune.report.pages.cells import count_cell, statement_cell
from dbtune.report.quantities import format_duration, format_size
from dbtune.report.wording.origin import applied

ENVIRONMENT = "environment"
_NOT_ANALYZED = 50
# What ends the name of a fact that was read back after a change.
_AFTER = "_after"


def health_section(health: tuple[HealthFact, ...], *, changed: bool = False) -> Section | None:
    """Return what the file's header, pragmas and checks say, with what is wrong of it.

    With `changed` it was read before that, but for what was read back.
    """
    if not health:
        return None
    after = {fact.name: fact.value for fact in health if fact.name.endswith(_AFTER)}
    facts = tuple(_health(fact, after) for fact in health if fact.name not in after)
    title = "WAL, pragmas and health"
    return Section("health", f"{title} before" if changed else title, (Facts(facts),))


def _health(fact: HealthFact, after: Mapping[str, str]) -> Fact:
    now = after.get(f"{fact.name}{_AFTER}")
    if now is not None:
        return Fact(fact.name, f"{fact.value} \u2192 {now}" if now != fact.value else now)
    return Fact(fact.name, fact.value, fact.concern, "warning" if fact.concern else "neutral")


def open_section(
    not_checked: tuple[str, ...], not_analyzed: tuple[NotAnalyzed, ...] = ()
) -> Section | None:
    """Return what was not checked, so that nobody takes it for proven."""
    blocks: list[Block] = [Bullets(not_checked)] if not_checked else []
    if not_analyzed:
        rows = tuple(
            (
                Cell(shape.id[:12]),
                statement_cell(shape.text),
                count_cell(shape.count),
                Cell(shape.message),
            )
            for shape in not_analyzed[:_NOT_ANALYZED]
        )
        columns = (
            Column("id", "code"),
            Column("query", "code"),
            Column("calls", "number"),
            Column("why"),
        )
        blocks.append(Table("Recorded queries of which nothing was measured", columns, rows))
        left = len(not_analyzed) - len(rows)
        if left:
            blocks.append(Text((f"And {left:,} more: they are in the JSON.",)))
    return Section("not-checked", "Not checked", tuple(blocks)) if blocks else None


def notes_section(notes: tuple[str, ...]) -> Section | None:
    """Return what else there is to know."""
    return Section("notes", "Notes", (Bullets(notes),)) if notes else None


def changes_section(report: Report) -> Section | None:
    """Return what was done to the database, statement by statement, and the backup before it."""
    blocks = [block for change in report.changes or () for block in _change(change)]
    if report.backup is not None:
        blocks.append(Facts((Fact("Backup before the change", report.backup),)))
    return Section("changes", "Changes", tuple(blocks)) if blocks else None


def environment_section(
    environment: Environment | None, source: Source | None = None
) -> Section | None:
    """Return of which database, on what kind of machine and with which versions this was made."""
    versions = environment is None
    facts = (*_source_facts(source, versions=versions), *_environment_facts(environment))
    return Section(ENVIRONMENT, "Environment and versions", (Facts(facts),)) if facts else None


def _change(change: AppliedChange) -> Iterator[Block]:
    facts = [Fact("Revision", change.revision, change.reason)]
    facts.append(Fact("Done", "applied" if change.direction == "up" else "undone"))
    if change.lock_seconds is not None:
        held = format_duration(change.lock_seconds * 1e9)
        facts.append(Fact("Write lock", held, "so long other writers waited"))
    if change.path is not None:
        facts.append(Fact("File", change.path))
    yield Text((applied(change),))
    yield Facts(tuple(facts))
    if change.statements:
        yield Code("\n".join(f"{line.rstrip().rstrip(';')};" for line in change.statements))


def _source_facts(source: Source | None, *, versions: bool) -> Iterator[Fact]:
    """Yield what is known of the database, with `versions` where nobody else tells them."""
    if source is None:
        return
    yield Fact("Database", source.path, format_size(source.size_bytes))
    yield Fact("Schema (SHA-256)", source.schema_sha256)
    if not versions:
        return
    yield Fact("SQLite", source.sqlite_version, "that dbtune measured with")
    if source.application_sqlite_version is not None:
        yield Fact("The application's SQLite", source.application_sqlite_version)


def _environment_facts(environment: Environment | None) -> Iterator[Fact]:
    if environment is None:
        return
    yield Fact("Platform", environment.platform)
    if environment.cpu_count is not None:
        yield Fact("Processors", f"{environment.cpu_count:,}")
    for name, version in environment.versions:
        yield Fact(name, version)
