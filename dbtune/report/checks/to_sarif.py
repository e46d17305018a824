"""Problems as SARIF 2.1.0, which code scanning reads.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from dbtune.report.checks.call_site import to_uri
from dbtune.report.checks.problem import LEVELS, Judgement, Problem
from dbtune.report.plain_text import printable

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
# Raised when the same problem would get another fingerprint, which closes and opens alerts.
_FINGERPRINT = "dbtune/v1"
# Folders that relative addresses are below: the application's sources, and the databases.
_SOURCES = "%SRCROOT%"


def to_sarif(judgements: Iterable[Judgement]) -> str:
    """Return one document with a run for each judgement: ASCII, keys in a fixed order.

    A problem without a line of the application is at the database's file. Addresses that are
    relative are so to the working directory (%SRCROOT%).
    """
    seen: Counter[str] = Counter()
    runs = []
    for judgement in judgements:
        category = printable(f"dbtune/{judgement.command}/{judgement.subject}/")
        seen[category] += 1
        # GitHub refuses a document with two runs of one category.
        again = f"{seen[category]}/" if seen[category] > 1 else ""
        runs.append(_run(judgement, f"{category}{again}"))
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(judgement: Judgement, category: str) -> dict[str, Any]:
    codes = tuple(dict.fromkeys(problem.code for problem in judgement.problems))
    return {
        "tool": {
            "driver": {
                "name": "dbtune",
                "version": judgement.dbtune_version,
                "rules": [_rule(code, judgement) for code in codes],
            }
        },
        # Runs of other commands and databases stand beside each other, newer ones replace older.
        "automationDetails": {"id": category},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, judgement, codes) for problem in judgement.problems],
    }


def _rule(code: str, judgement: Judgement) -> dict[str, Any]:
    own = [problem for problem in judgement.problems if problem.code == code]
    worst = min((problem.level for problem in own), key=LEVELS.index)
    said = code.replace("-", " ").capitalize()
    section = f"See the section {code} of {judgement.page} in dbtune's documentation."
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in code.split("-")),
        "shortDescription": {"text": said},
        "fullDescription": {"text": f"{said}, as dbtune {judgement.command} found it."},
        "help": {"text": f"{_advice(own)} {section}".strip()},
        "defaultConfiguration": {"level": worst},
    }


def _advice(problems: list[Problem]) -> str:
    """Return the help that most of them share; each result has its own beside it."""
    texts = [problem.help for problem in problems if problem.help]
    return printable(max(texts, key=texts.count)) if texts else ""


def _result(problem: Problem, judgement: Judgement, codes: tuple[str, ...]) -> dict[str, Any]:
    parts = (problem.message, problem.help, problem.command)
    return {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.level,
        "message": {"text": "\n".join(printable(part) for part in parts if part)},
        "locations": [_location(problem, judgement)],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(problem)},
    }


def _location(problem: Problem, judgement: Judgement) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(problem.file or judgement.subject)}
    if problem.line is not None:
        physical["region"] = {"startLine": problem.line}
    logical = {"name": printable(problem.subject), "kind": "member"}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def _artifact(path: str) -> dict[str, str]:
    uri = to_uri(path)
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": _SOURCES}


def _fingerprint(problem: Problem) -> str:
    """Return what stays the same while figures in the message move: 32 hex digits."""
    named = f"{problem.code}\0{problem.subject}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(named).hexdigest()[:32]
