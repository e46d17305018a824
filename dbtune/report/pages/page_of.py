"""Any run as a page, and several runs as one."""

from __future__ import annotations

from dbtune.model.advice import Report
from dbtune.model.page import Page
from dbtune.model.run import Run
from dbtune.report.pages.analysis_page import analysis_page


def page_of(run: Run, name: str = "") -> Page:
    """Return the page of a run; `name` is the run's file, which commands to run next name."""
    if isinstance(run, Report):
        return analysis_page(run, name)
    raise NotImplementedError(type(run).__name__)
