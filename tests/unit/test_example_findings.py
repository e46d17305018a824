"""examples/findings.py, which `make demo` prints N+1 with."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from dbtune.report.documents.to_json import to_json
from tests.reports import FULL

EXAMPLE = Path(__file__).parents[2] / "examples" / "findings.py"


def printed(path: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, EXAMPLE, path, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    return done.stdout.splitlines()


def test_findings_of_one_kind_are_printed_with_what_helps(tmp_path: Path) -> None:
    """Severity, code, subject, message and help of each, and how many there are."""
    path = tmp_path / "report.json"
    finding = replace(FULL.findings[0], code="n-plus-one", message="A loop.", help="Join it.")
    report = replace(FULL, findings=(FULL.findings[0], finding))
    path.write_text(to_json(report), encoding="utf-8")
    first = f"{finding.severity}  n-plus-one  {finding.subject}"
    last = "1 n-plus-one in 2 findings"
    assert printed(path, "n-plus-one") == [first, "  A loop.", "  Join it.", "", last]


def test_the_first_ones_can_be_asked_for(tmp_path: Path) -> None:
    """As many as asked for are shown, and how many there are is told in any case."""
    path = tmp_path / "report.json"
    found = tuple(
        replace(FULL.findings[0], code="n-plus-one", message=f"Loop {n}.", help="Join it.")
        for n in range(3)
    )
    path.write_text(to_json(replace(FULL, findings=found)), encoding="utf-8")
    lines = printed(path, "n-plus-one", "2")
    assert [line for line in lines if "Loop" in line] == ["  Loop 0.", "  Loop 1."]
    assert lines[-1] == "3 n-plus-one in 3 findings; here are the first 2"
    assert printed(path, "n-plus-one", "3")[-1] == "3 n-plus-one in 3 findings"


def test_a_kind_that_is_not_found_is_counted_as_none(tmp_path: Path) -> None:
    """The last line says so."""
    path = tmp_path / "report.json"
    path.write_text(to_json(replace(FULL, findings=())), encoding="utf-8")
    assert printed(path, "n-plus-one") == ["0 n-plus-one in 0 findings"]


def test_a_finding_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    """An escape sequence in a message is shown, not sent."""
    path = tmp_path / "report.json"
    finding = replace(FULL.findings[0], code="n-plus-one", message="\x1b[2J")
    path.write_text(to_json(replace(FULL, findings=(finding,))), encoding="utf-8")
    assert "\x1b" not in "\n".join(printed(path, "n-plus-one"))
