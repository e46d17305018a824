"""Any report survives JSON, fits the schema, and cannot reach through to the terminal."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.advice import (
    SEVERITIES,
    AppliedChange,
    Change,
    ConsideredIndex,
    Evidence,
    Finding,
    IndexSpec,
    Report,
    ShapeReport,
    Source,
    Verdict,
)
from dbtune.report.documents.from_json import from_json
from dbtune.report.documents.to_json import to_json
from dbtune.report.terminal.to_terminal import to_terminal
from tests.report_schema import valid_report

# Names from a file may hold anything, lone surrogates included; two of those that make a pair
# are one character to JSON, so they are left out.
TEXT = st.text(st.characters(), max_size=20) | st.text(
    st.characters(max_codepoint=0x9F), max_size=9
)
CODE = st.from_regex(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")
COST = st.floats(0, 1e18)
SIZE = st.integers(0, 2**63)


def some(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """A few of them."""
    return st.lists(items, max_size=3).map(tuple)


TEXTS = some(TEXT)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | TEXTS
)
EVIDENCE_NAME = TEXT | st.sampled_from(["cost_before_ns", "cost_after_ns", "size_bytes", "a_ratio"])
EVIDENCE = st.lists(
    st.builds(Evidence, EVIDENCE_NAME, VALUES), max_size=4, unique_by=lambda item: item.name
).map(tuple)
CHANGE = st.builds(
    Change,
    TEXTS,
    TEXTS,
    TEXT,
    st.none() | TEXT,
    st.none() | st.builds(IndexSpec, TEXT, TEXTS, st.none() | TEXT, st.booleans()),
)
FINDING = st.builds(
    Finding,
    CODE,
    st.sampled_from(SEVERITIES),
    TEXT,
    TEXT,
    EVIDENCE,
    TEXT,
    st.none() | TEXT,
    st.none() | CHANGE,
)
TIME = st.none() | COST
SHAPE = st.builds(
    ShapeReport,
    TEXT,
    TEXT,
    COST,
    st.floats(0, 1),
    COST,
    COST,
    TEXTS,
    TEXTS,
    TIME,
    TIME,
    st.sampled_from(["recorded", "drawn", "none"]),
)
CONSIDERED = st.builds(
    ConsideredIndex, TEXT, TEXT, TEXTS, st.floats(-1, 1), SIZE, st.floats(0, 1e6), TEXT
)
APPLIED = st.builds(
    AppliedChange, TEXT, st.sampled_from(["up", "down"]), TEXTS, TEXT, TIME, st.none() | TEXT
)
REPORT = st.builds(
    Report,
    TEXT | st.just("analyze"),
    TEXT,
    TEXT,
    st.builds(Source, TEXT, SIZE, TEXT, TEXT, st.none() | TEXT),
    st.none() | st.builds(Verdict, COST, COST, st.floats(-1, 1), TEXTS, TIME, TIME),
    some(FINDING),
    some(SHAPE),
    some(CONSIDERED),
    TEXTS,
    st.none() | some(APPLIED),
    st.none() | TEXT,
    TEXTS,
)
_OWN_STYLES = re.compile(r"\x1b\[(?:0|1|2|31|32|33|34|36)(?:;\d+)?m")


@given(REPORT)
def test_any_report_reads_back_as_it_was(report: Report) -> None:
    """Nothing is lost, rounded or reordered on the way through the document."""
    text = to_json(report)
    valid_report(text)
    assert text.isascii()
    assert from_json(text, "report.json") == report


@given(REPORT, st.integers(1, 200), st.booleans())
def test_no_name_can_steer_a_terminal(report: Report, width: int, color: bool) -> None:
    """Whatever the database holds, its text arrives without a control character of its own."""
    drawn = to_terminal(report, width=width, color=color)
    if color:
        drawn = _OWN_STYLES.sub("", drawn)
    assert all(char in "\n\u200c\u200d" or _stays_in_place(char) for char in drawn)
    drawn.encode()


def _stays_in_place(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
