"""Whole outputs of one hand-made report; `pytest --update-golden` writes them anew."""

from __future__ import annotations

import pytest

from dbtune.report.ddl.to_ddl import to_sql
from dbtune.report.ddl.to_models import to_django, to_sqlalchemy
from dbtune.report.documents.to_json import to_json
from dbtune.report.terminal.to_terminal import to_terminal
from tests.conftest import CompareGolden
from tests.reports import FULL, NOTHING_FOUND, REPORTS, WITHOUT_RECORDING

OUTPUTS = {
    "report.80.txt": to_terminal(FULL, width=80, color=False),
    "report.160.txt": to_terminal(FULL, width=160, color=False),
    "report.60.txt": to_terminal(FULL, width=60, color=False),
    "report.80.ansi": to_terminal(FULL, width=80, color=True),
    "report.applied.80.txt": to_terminal(REPORTS["applied"], width=80, color=False),
    "report.nothing.80.txt": to_terminal(NOTHING_FOUND, width=80, color=False),
    "report.no-recording.80.txt": to_terminal(WITHOUT_RECORDING, width=80, color=False),
    "report.json": to_json(FULL),
    "report.sql": to_sql(FULL, drops=False),
    "report.drops.sql": to_sql(FULL, drops=True),
    "report.sqlalchemy.txt": to_sqlalchemy(FULL),
    "report.django.txt": to_django(FULL),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_is_as_in_the_golden_file(name: str, compare_golden: CompareGolden) -> None:
    """A change of any output is seen, and meant, before it is committed."""
    compare_golden(name, OUTPUTS[name])
