"""The lines of EXPLAIN QUERY PLAN as a tree of steps, each with what it does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dbtune.model.page import PlanStep, PlanTree, StepKind

_AUTOMATIC = re.compile(r"\bUSING AUTOMATIC (?:PARTIAL )?(?:COVERING )?INDEX\b")
# Spaces: what is drawn deeper than that leaves no room for words, and has Python's stack end.
_DEEPEST = 120
_BUILT = "builds this index on each run"
# https://www.sqlite.org/eqp.html; the order decides where two fit.
_KINDS: tuple[tuple[re.Pattern[str], StepKind], ...] = (
    (_AUTOMATIC, "sort"),
    (re.compile(r"\bUSE TEMP B-TREE\b|\bUSING TEMP B-TREE\b"), "sort"),
    (re.compile(r"^SCAN (?:\d+ )?CONSTANT ROWS?\b|\bVIRTUAL TABLE INDEX\b"), "other"),
    (re.compile(r"^SEARCH\b"), "search"),
    (re.compile(r"^SCAN\b"), "scan"),
    (
        re.compile(
            r"^(?:CO-ROUTINE|COMPOUND QUERY|LEFT-MOST SUBQUERY|MATERIALIZE|MERGE|MULTI-INDEX OR|"
            r"INDEX \d+|LEFT$|RIGHT$|SETUP|RECURSIVE STEP|UNION ALL|UNION|EXCEPT|INTERSECT|"
            r"(?:CORRELATED )?(?:SCALAR |LIST )?SUBQUERY)"
        ),
        "group",
    ),
)


def plan_tree(
    title: str, summary: str, before: tuple[str, ...], after: tuple[str, ...] = ()
) -> PlanTree:
    """Return the plans as trees; that after is left out where it is the same."""
    return PlanTree(
        title, summary, plan_steps(before), plan_steps(after if after != before else ())
    )


def plan_steps(lines: tuple[str, ...]) -> tuple[PlanStep, ...]:
    """Return the steps of a plan, whose lines are indented by two spaces a level.

    Very deep ones stand side by side at the deepest level that is drawn.
    """
    root = _Node("")
    path = [(-1, root)]
    for line in lines:
        text = line.strip()
        indent = min(len(line) - len(line.lstrip()), _DEEPEST)
        while path[-1][0] >= indent:
            path.pop()
        node = _Node(text)
        path[-1][1].inner.append(node)
        path.append((indent, node))
    return _steps(root)


def step_kind(text: str) -> StepKind:
    """Return what a step does, by the words that SQLite has for it."""
    return next((kind for pattern, kind in _KINDS if pattern.search(text)), "other")


@dataclass
class _Node:
    text: str
    inner: list[_Node] = field(default_factory=list)


def _steps(node: _Node) -> tuple[PlanStep, ...]:
    return tuple(PlanStep(step_kind(n.text), _said(n.text), _steps(n)) for n in node.inner)


def _said(text: str) -> str:
    return f"{text}: {_BUILT}" if _AUTOMATIC.search(text) else text
