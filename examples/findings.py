"""Prints the findings of one kind in a report, such as n-plus-one.

python examples/findings.py REPORT CODE [MOST], where REPORT is what dbtune analyze --output wrote.
Shows how to read a report in Python.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from dbtune.model.advice import Finding
from dbtune.report.documents.from_json import from_json
from dbtune.report.plain_text import printable

_WIDTH = 96


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield what a finding says, a line at a time."""
    yield f"{finding.severity}  {finding.code}  {printable(finding.subject)}"
    for text in (finding.message, finding.help):
        for line in textwrap.wrap(printable(text), _WIDTH - 2):
            yield f"  {line}"


def main(path: str, code: str, most: int | None = None) -> None:
    """Print the findings with that code in the report of a file, the first ones if so many."""
    report = from_json(Path(path).read_text(encoding="utf-8"), path)
    found = [finding for finding in report.findings if finding.code == code]
    for finding in found[:most]:
        sys.stdout.write("".join(f"{line}\n" for line in (*lines_of(finding), "")))
    rest = f"; here are the first {most}" if most is not None and most < len(found) else ""
    sys.stdout.write(f"{len(found)} {code} in {len(report.findings)} findings{rest}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
