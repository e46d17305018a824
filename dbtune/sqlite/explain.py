"""Query plans, as EXPLAIN QUERY PLAN prints them."""

from __future__ import annotations

import re
import sqlite3

from dbtune.model.workload import Parameters, Plan
from dbtune.sqlite.placeholders import bind
from dbtune.sqlite.placeholders import bindings as bindings
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.tokens import tokenize

INDENT = "  "

# where.c, sqlite3WhereExplainOneScan: names stand there unquoted, whatever they hold. Before
# SQLite 3.36 "TABLE" came before the name and " AS alias" behind it.
_ACCESS = re.compile(r"(?P<how>SCAN|SEARCH) (?:TABLE )?(?P<rest>.*)", re.DOTALL)
_JOIN = re.compile(r" (?:LEFT|RIGHT|FULL|OUTER)-JOIN\Z")
_USING_INDEX = re.compile(r".*? USING (?:COVERING )?INDEX (?P<index>.*)", re.DOTALL)
_IN_OPERATOR = re.compile(r"USING INDEX (?P<index>.*) FOR IN-OPERATOR\Z", re.DOTALL)
_ANY_USE = re.compile(r" USING | VIRTUAL TABLE INDEX ")
_RANGE = re.compile(r" \((?:[^()]|\([^()]*\))*\)\Z", re.DOTALL)
_PRODUCED = re.compile(r"(?:CO-ROUTINE|MATERIALIZE) (?P<name>.*)", re.DOTALL)
_NOT_A_TABLE = re.compile(
    r"CONSTANT ROW|\d+ CONSTANT ROWS|\(.*\)|\d+-ROW VALUES CLAUSE|SUBQUERY \d+"
)


def explain(connection: Queryable, sql: str, parameters: Parameters = None) -> Plan:
    """Return the plan of one statement; nothing of it is run.

    Placeholders are bound to NULL where `parameters` is None. Raises the connection's own error
    where SQLite cannot prepare the statement, and sqlite3.ProgrammingError for several at once:
    apsw would run the second one.
    """
    if _holds_several(sql):
        raise sqlite3.ProgrammingError("several statements in one text cannot be explained")
    bound = bind(sql, parameters)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {bound.text}", bound.values)
    levels: dict[int, int] = {0: -1}
    steps = []
    for node, parent, _, detail in rows:
        levels[node] = levels.get(parent, -1) + 1
        steps.append(INDENT * levels[node] + str(detail))
    return Plan(tuple(steps))


def indexes_used(plan: Plan) -> frozenset[str]:
    """Return the names of the indexes that a plan reads; not automatic ones or primary keys."""
    return frozenset(
        name for step in plan.steps if (name := _index_of(step.strip(" "))) is not None
    )


def full_scans(plan: Plan) -> tuple[str, ...]:
    """Return the tables, or their aliases, that a plan reads from end to end without an index.

    In order, each once. Subqueries and CTEs that the plan makes itself are no tables.
    """
    produced = {
        match.group("name")
        for step in plan.steps
        if (match := _PRODUCED.fullmatch(step.strip(" ")))
    }
    scanned = (_scanned_table(step.strip(" ")) for step in plan.steps)
    return tuple(dict.fromkeys(name for name in scanned if name and name not in produced))


def _holds_several(sql: str) -> bool:
    if ";" not in sql:
        return False
    texts = [token.text for token in tokenize(sql)]
    return ";" in texts and any(text != ";" for text in texts[texts.index(";") :])


def _index_of(step: str) -> str | None:
    if match := _IN_OPERATOR.fullmatch(step):
        return match.group("index")
    access = _ACCESS.fullmatch(_JOIN.sub("", step))
    if access is None:
        return None
    match = _USING_INDEX.fullmatch(access.group("rest"))
    if match is None:
        return None
    name = match.group("index")
    # Only a search lists the columns that it compares; a scanned index may end in a parenthesis.
    return _RANGE.sub("", name) if access.group("how") == "SEARCH" else name


def _scanned_table(step: str) -> str | None:
    access = _ACCESS.fullmatch(_JOIN.sub("", step))
    if access is None or access.group("how") != "SCAN":
        return None
    rest = access.group("rest")
    if _ANY_USE.search(rest) or _NOT_A_TABLE.fullmatch(rest):
        return None
    return rest.rpartition(" AS ")[2]
