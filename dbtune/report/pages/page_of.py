"""Any run as a page, and the pages of several runs as one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from dbtune.model.advice import Report
from dbtune.model.comparison import Comparison
from dbtune.model.digest import QueryDigest
from dbtune.model.page import Facts, Page, Section, Text, Tone
from dbtune.model.run import Run
from dbtune.report.pages.analysis_page import analysis_page, analysis_verdict
from dbtune.report.pages.comparison_page import comparison_page
from dbtune.report.pages.digest_page import digest_page
from dbtune.report.pages.linked_blocks import within
from dbtune.report.pages.load_page import load_page
from dbtune.report.pages.migration_page import migration_page, migration_verdict
from dbtune.report.pages.state_sections import ENVIRONMENT

_MOST_ACTIONS = 3


def page_of(run: Run, name: str = "") -> Page:
    """Return the page of a run; `name` is the run's file, for what to run next."""
    if isinstance(run, Report):
        # A migration alone has tables, none where it was stopped.
        page = migration_page(run) if run.tables is not None else analysis_page(run, name)
    elif isinstance(run, QueryDigest):
        page = digest_page(run)
    elif isinstance(run, Comparison):
        page = comparison_page(run)
    else:
        page = load_page(run)
    return replace(page, label=PurePath(name).name, actions=page.actions[:_MOST_ACTIONS])


def verdict_of(run: Run) -> tuple[str, Tone]:
    """Return the verdict of a run's page and its tone, of a report without all that is below it."""
    if isinstance(run, Report):
        return analysis_verdict(run) if run.tables is None else migration_verdict(run)
    page = page_of(run)
    return page.verdict, page.tone


def join_pages(pages: tuple[Page, ...]) -> Page:
    """Return one page of several: the first's verdict and actions, then each one's sections.

    What is said of where it was made stands once if it is the same for all. `pages` are one at
    least; one alone is returned as it is.
    """
    first, *others = pages
    if not others:
        return first
    names = _group_names(pages)
    sections = [
        section
        for number, (page, name) in enumerate(zip(pages, names, strict=True), start=1)
        for section in _group(number, page, name)
    ]
    return Page(
        title=f"dbtune report: {', '.join(page.label or page.title for page in pages)}",
        verdict=first.verdict,
        tone=first.tone,
        figures=first.figures,
        actions=first.actions,
        sections=tuple(_without_repeated_environments(sections)),
        footer=tuple(dict.fromkeys(line for page in pages for line in page.footer)),
    )


def _group_names(pages: tuple[Page, ...]) -> list[str]:
    """Return what the sections of each page stand under, no two the same."""
    names: list[str] = []
    for number, page in enumerate(pages, start=1):
        name = page.label or page.title
        names.append(f"{name} ({number})" if name in names else name)
    return names


def _group(number: int, page: Page, name: str) -> list[Section]:
    """Return a page's sections, of a later one behind its verdict and figures."""
    facts = (Facts(page.figures),) if page.figures else ()
    # The first one's stand at the top of the page already.
    head = (Section("run", page.title, (Text((page.verdict,)), *facts)),) if number > 1 else ()
    return [
        replace(within(section, f"run-{number}"), group=name) for section in (*head, *page.sections)
    ]


def _without_repeated_environments(sections: list[Section]) -> list[Section]:
    """Leave out what an earlier section says of the environment, word for word."""
    kept: list[Section] = []
    told: set[object] = set()
    for section in sections:
        if section.anchor.endswith(f"-{ENVIRONMENT}"):
            if section.blocks in told:
                continue
            told.add(section.blocks)
        kept.append(section)
    return kept
