"""Steps of EXPLAIN QUERY PLAN in words.

Pure. A step that is not known here stays as SQLite prints it. Source of the forms:
https://www.sqlite.org/eqp.html and where.c, sqlite3WhereExplainOneScan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ACCESS = re.compile(
    r"(?P<how>SCAN|SEARCH) (?:TABLE )?(?P<name>.+?)"
    r"(?: USING (?P<using>.*?))?(?P<join> (?:LEFT|RIGHT|FULL|OUTER)-JOIN| EXISTS)?\Z",
    re.DOTALL,
)
_INDEX = re.compile(
    r"(?P<automatic>AUTOMATIC (?:PARTIAL )?)?(?P<covering>COVERING )?INDEX (?P<rest>.*)", re.DOTALL
)
_PRIMARY = re.compile(r"(?:INTEGER )?PRIMARY KEY(?: \((?P<terms>.*)\))?", re.DOTALL)
_TERMS = re.compile(r"(?P<name>.*?) ?\((?P<terms>(?:[^()]|\([^()]*\))*)\)\Z", re.DOTALL)
_COLUMN = re.compile(r"(?:ANY\((?P<any>.*)\)|(?P<name>.+?)(?P<operator>[=<>]+)\?)\Z", re.DOTALL)
_SORT = re.compile(r"USE TEMP B-TREE FOR (?P<what>.+)")
_PARTS = re.compile(r"(?:LAST (?:TERM|\d+ TERMS)|RIGHT PART) OF (?P<what>.+)")

# What a step without a table says. The rest of it stays as it is.
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"SCAN (?:TABLE )?(.+) VIRTUAL TABLE INDEX .*"), r"asks the virtual table \1"),
    (re.compile(r"SCAN (?:\d+ )?CONSTANT ROWS?"), "takes values from the statement"),
    (re.compile(r"SCAN \d+-ROW VALUES CLAUSE"), "takes values from the statement"),
    (re.compile(r"CO-ROUTINE (.+)"), r"works out \1 row by row"),
    (re.compile(r"MATERIALIZE (.+)"), r"works out \1 and keeps its rows"),
    (re.compile(r"CORRELATED (?:SCALAR|LIST) SUBQUERY \d+"), "for each row runs a subquery"),
    (re.compile(r"(?:SCALAR|LIST) SUBQUERY \d+"), "runs a subquery once"),
    (re.compile(r"REUSE (?:LIST )?SUBQUERY \d+"), "uses the subquery's rows again"),
    (re.compile(r"COMPOUND QUERY"), "puts queries together"),
    (re.compile(r"LEFT-MOST SUBQUERY"), "the first of them"),
    (re.compile(r"(UNION|INTERSECT|EXCEPT) USING TEMP B-TREE"), r"\1, which compares all rows"),
    (re.compile(r"UNION ALL"), "and the next"),
    (re.compile(r"MERGE \((.+)\)"), r"merges two sorted queries (\1)"),
    (re.compile(r"MULTI-INDEX OR"), "looks rows up for each arm of the OR"),
    (re.compile(r"INDEX \d+"), "one arm"),
    (re.compile(r"BLOOM FILTER ON (.+?) \(.*\)"), r"filters by a bitmap of \1"),
    (re.compile(r"SETUP"), "begins"),
    (re.compile(r"RECURSIVE STEP"), "goes on from each row found"),
)

# Rows are estimated in large tables; a scan of nearly as many reads all of them.
ALL_ROWS_RATIO = 0.95


@dataclass(frozen=True)
class PlanNames:
    """What the names in a plan stand for; keys are in lower case.

    `tables` are names of tables by alias, `rows` how many they hold, `indexes` what they are on,
    such as "orders(user_id, created_at)". `scanned_rows` is how many rows a run steps over,
    None where not counted; `ordered` where the statement asks for an order.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    scanned_rows: float | None = None
    ordered: bool = False


def plan_in_words(steps: tuple[str, ...], names: PlanNames) -> tuple[str, ...]:
    """Return a phrase for each step of a plan, in its order."""
    return tuple(_Reader(steps, names).phrases())


class _Reader:
    """Reads the steps of one plan one after the other."""

    def __init__(self, steps: tuple[str, ...], names: PlanNames) -> None:
        self._steps = steps
        self._names = names
        self._scans = sum(1 for step in steps if step.strip().startswith("SCAN "))
        self._sorts = any(_SORT.fullmatch(step.strip()) for step in steps)
        self._order_said = not names.ordered or self._sorts

    def phrases(self) -> list[str]:
        """Return a phrase a step; further tables of one loop begin with "for each, "."""
        found: list[str] = []
        looped: list[tuple[int, bool]] = []  # levels above, and whether one has a loop already
        for step in self._steps:
            text = step.strip(" ")
            level = len(step) - len(step.lstrip(" "))
            while looped and looped[-1][0] > level:
                looped.pop()
            inner = bool(looped) and looped[-1] == (level, True)
            phrase = self._access(text, inner or level > 0)
            if phrase is not None:
                if not inner:
                    looped.append((level, True))
                found.append(f"for each, {phrase}" if inner else phrase)
            else:
                found.append(_other(text))
        return found

    def _access(self, text: str, within: bool) -> str | None:
        if any(pattern.fullmatch(text) for pattern, _ in _PHRASES):
            return None
        match = _ACCESS.fullmatch(text)
        if match is None:
            return None
        alias = match["name"].rpartition(" AS ")[2]
        table = self._names.tables.get(alias.lower(), alias)
        using = match["using"]
        if match["how"] == "SCAN":
            return self._scan(table, using, within)
        return _search(table, using or "", self._names.indexes, self._order(within))

    def _scan(self, table: str, using: str | None, within: bool) -> str | None:
        index = _INDEX.fullmatch(using) if using else None
        if using and index is None:
            return None
        rows = self._names.rows.get(table.lower())
        counted = self._counted(rows)
        if index is None:
            return f"reads {counted} of {table}{self._order(within)}"
        on = self._names.indexes.get(index["rest"].lower(), index["rest"])
        if index["covering"]:
            return f"reads {counted} from {on}{self._order(within)}, not from the table"
        return f"reads {counted} of {table} by way of {on}{self._order(within)}"

    def _counted(self, rows: int | None) -> str:
        """Return how many rows a scan reads, as far as that was counted."""
        scanned = self._names.scanned_rows
        if rows is None:
            return "all rows"
        if scanned is not None and scanned < ALL_ROWS_RATIO * (rows - 1):
            if self._scans > 1:
                return "rows"
            return f"{scanned + 1:,.0f} of {rows:,} rows"
        return "the only row" if rows == 1 else f"all {rows:,} rows"

    def _order(self, within: bool) -> str:
        """Return that rows come in the order wanted, once, where nothing sorts them."""
        if self._order_said or within:
            return ""
        self._order_said = True
        return ", in the order wanted"


def _search(table: str, using: str, indexes: Mapping[str, str], order: str) -> str | None:
    primary = _PRIMARY.fullmatch(using)
    if primary is not None:
        ranged = not (primary["terms"] or "=").endswith("=?") and primary["terms"]
        return f"{'reads a range' if ranged else 'finds rows'} of {table} by its primary key{order}"
    index = _INDEX.fullmatch(using)
    if index is None:
        return None
    terms = _TERMS.fullmatch(index["rest"])
    name, inside = (terms["name"], terms["terms"]) if terms else (index["rest"], "")
    if index["automatic"]:
        columns = ", ".join(_columns(inside))
        return f"builds an index on {table}({columns}) for this run and finds rows by it{order}"
    on = indexes.get(name.lower(), name)
    without = ", without reading the table" if index["covering"] else ""
    return f"{_found(inside, on)}{order}{without}"


def _found(inside: str, on: str) -> str:
    """Return by which of an index's columns rows are found."""
    columns = _columns(inside)
    whole = on.partition(" WHERE ")[0].partition("(")[2].removesuffix(")").replace(" DESC", "")
    if "ANY(" in inside:
        return f"finds rows by {_listed(columns)} for each value before it in {on}"
    if not columns or ", ".join(columns) == whole or "<expr>" in inside:
        return f"finds rows by {on}"
    return f"finds rows by {_listed(columns)} in {on}"


def _columns(inside: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for part in inside.split(" AND "):
        match = _COLUMN.fullmatch(part.strip())
        if match is not None and match["name"]:
            found.setdefault(match["name"].strip("()"))
    return tuple(found)


def _listed(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _other(text: str) -> str:
    sort = _SORT.fullmatch(text)
    if sort is not None:
        part = _PARTS.fullmatch(sort["what"])
        what = part["what"] if part else sort["what"]
        return f"sorts {'within groups ' if part else ''}for {what}"
    for pattern, phrase in _PHRASES:
        match = pattern.fullmatch(text)
        if match is not None:
            return match.expand(phrase)
    return text
