"""The examples of findings.md: each is found as it stands, and no more once it is mended."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbtune.advisor.rules import RULES
from dbtune.journeys.analyze import AnalyzeOptions, analyze
from tests.documents import ROOT, blocks, read

PAGE = ROOT / "docs" / "reference" / "findings.md"
# They need a damaged file, and a version of SQLite: their examples are what is printed.
PRINTED = frozenset({"integrity-error", "wal-reset-race"})
CODES = sorted({"missing-index", *(rule.code for rule in RULES)} - PRINTED)
# A file of 80 MB.
LARGE = "fragmentation"

ROWS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO customers SELECT i, 'c' || i || '@example.com', 'city ' || (i % 50) FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO orders
SELECT
  i,
  i * 7919 % 1000 + 1,
  'A-' || i,
  datetime('2026-01-01', '+' || (i * 13) || ' minutes'),
  iif(i % 100 = 0, 'open', 'paid'),
  'note ' || i || ' of some length, as people write them'
FROM n;
"""
REQUESTS = 20
# What changes the file, whoever sends it.
_OF_THE_FILE = re.compile(
    r"(?:CREATE|DROP|ANALYZE|VACUUM|PRAGMA|INSERT INTO (?:orders_text|sessions))\b"
)


@dataclass(frozen=True)
class Example:
    """What is added to the file, what is sent and how often in a request, and what is better."""

    file: tuple[str, ...]
    sent: tuple[str, ...]
    times: int
    budget_bytes: int | None
    better: tuple[str, ...]

    def mended(self) -> Example:
        """Return the example with what is better in place of what was found."""
        changes = tuple(text for text in self.better if not self.sent or _OF_THE_FILE.match(text))
        sent = tuple(text for text in self.better if text not in changes)
        return Example(
            file=(*self.file, *changes),
            sent=sent or self.sent,
            times=1 if sent else self.times,
            budget_bytes=self.budget_bytes,
            better=(),
        )


def sections() -> dict[str, str]:
    """Return the sections of the page by their headings, and what comes before them as ""."""
    parts = re.split(r"^## (.+)$", read(PAGE), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def example_of(code: str) -> Example:
    """Read the block of SQL in a finding's section."""
    (block,) = (each for each in blocks(sections()[code]) if each.language == "sql")
    before, _, better = block.code.partition("-- better\n")
    file, heading, sent = before.partition("-- the application")
    told, _, sent = sent.partition("\n")
    times = re.search(r"(\d+) times in one request", told)
    budget = re.search(r"--budget-mb ([\d.]+)", told)
    return Example(
        file=tuple(statements(file)),
        sent=tuple(statements(sent)) if heading else (),
        times=int(times[1]) if times else 1,
        budget_bytes=int(float(budget[1]) * 1e6) if budget else None,
        better=tuple(statements(better)),
    )


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    assert not statement.strip(), f"a statement without its end: {statement}"


def found(example: Example, folder: Path) -> frozenset[str]:
    """Return the codes of what analyze finds in an example."""
    folder.mkdir()
    database = folder / "shop.db"
    (tables,) = (each.code for each in blocks(sections()[""]) if each.language == "sql")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(tables + "BEGIN;" + ROWS + "COMMIT;")
        for statement in example.file:
            connection.execute(statement).fetchall()
    recording = folder / "queries.jsonl"
    recording.write_text("".join(lines(example)), encoding="utf-8")
    queries = (str(recording),) if example.sent else ()
    options = AnalyzeOptions(queries=queries, budget_bytes=example.budget_bytes)
    return frozenset(finding.code for finding in analyze(database, options).findings)


def lines(example: Example) -> Iterator[str]:
    """Yield what is recorded of some requests, all of it sent from one line."""
    for request in range(REQUESTS):
        for _ in range(example.times):
            for text in example.sent:
                recorded = {
                    "db.query.text": text,
                    "request_id": str(request),
                    "code.file.path": "shop.py",
                    "code.line.number": 7,
                }
                yield json.dumps(recorded) + "\n"


@pytest.mark.parametrize(
    "code",
    [pytest.param(code, marks=pytest.mark.slow) if code == LARGE else code for code in CODES],
)
def test_an_example_is_found_until_it_is_mended(code: str, tmp_path: Path) -> None:
    """By analyze, on the shop with what the example adds."""
    if code == LARGE and not _has_dbstat():
        pytest.skip("this SQLite has no DBSTAT")
    example = example_of(code)
    assert code in found(example, tmp_path / "as it stands")
    assert code not in found(example.mended(), tmp_path / "mended")


def _has_dbstat() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    return "ENABLE_DBSTAT_VTAB" in options


@pytest.mark.parametrize("code", [*CODES, *sorted(PRINTED)])
def test_every_finding_has_meaning_example_and_fix(code: str) -> None:
    """Each under its word, in the same order everywhere."""
    section = sections()[code]
    words = ("What it means.", "When it is silent.", "How to fix it.", "Example.")
    places = [section.find(f"**{word}**") for word in words]
    assert -1 not in places and places == sorted(places)
    assert len(blocks(section.partition("**Example.**")[2])) == 1
