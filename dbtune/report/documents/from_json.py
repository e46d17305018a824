"""A Report read back from its JSON document."""

from __future__ import annotations

import json
from typing import Any, cast

from dbtune.errors import ConfigurationError
from dbtune.model.advice import (
    SEVERITIES,
    AppliedChange,
    Change,
    ConsideredIndex,
    Evidence,
    EvidenceValue,
    Finding,
    IndexSpec,
    Report,
    Source,
    TableOutcome,
    Verdict,
)
from dbtune.model.workload import RouteQueries
from dbtune.report.documents.explanation_from_json import (
    read_explanation,
    read_not_analyzed,
    read_shape,
)
from dbtune.report.documents.json_node import JsonNode
from dbtune.report.documents.to_json import SCHEMA_VERSION

_HINT = "write the report anew, with dbtune analyze DB --output FILE"


def from_json(text: str, name: str) -> Report:
    """Return the Report that `to_json` wrote; keys it does not know are left aside.

    `name` stands for the document in messages. Raises ConfigurationError for text that is not
    such a document, with the key path and the value seen, and for a newer schema_version.
    """
    root = JsonNode(_parse(text, name), "", name)
    try:
        _check_version(root)
        return _report(root)
    except ConfigurationError as error:
        raise ConfigurationError(error.message, hint=error.hint or _HINT) from error


def _parse(text: str, name: str) -> Any:
    try:
        # A byte order mark is what some editors put in front when they save.
        return json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        message = f"{name} is not JSON: {error.msg} at {place}"
        raise ConfigurationError(message, hint=_HINT) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} cannot be read as JSON: {error}", hint=_HINT) from error


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _check_version(root: JsonNode) -> None:
    node = root.field("schema_version")
    version = node.size()
    if version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"{root.name}: schema_version is {version}; this dbtune reads {SCHEMA_VERSION}",
            hint="a newer dbtune wrote it: pip install --upgrade dbtune",
        )
    if version < SCHEMA_VERSION:
        node.fail(str(SCHEMA_VERSION))


def _report(root: JsonNode) -> Report:
    verdict, changes = root.optional("verdict"), root.optional("changes")
    tables = root.optional("tables")
    return Report(
        command=root.field("command").text(),
        created_at=root.field("created_at").text(),
        dbtune_version=root.field("dbtune_version").text(),
        source=_source(root.field("source")),
        verdict=None if verdict is None else _verdict(verdict),
        findings=tuple(_finding(node) for node in root.field("findings").items()),
        shapes=tuple(read_shape(node) for node in root.field("shapes").items()),
        considered=tuple(_considered(node) for node in root.field("considered").items()),
        not_checked=root.field("not_checked").texts(),
        changes=None if changes is None else tuple(_applied(node) for node in changes.items()),
        backup=root.optional_text("backup"),
        notes=root.optional_texts("notes"),
        tables=None if tables is None else tuple(_outcome(node) for node in tables.items()),
        explanations=tuple(map(read_explanation, root.optional_items("explanations"))),
        not_analyzed=tuple(map(read_not_analyzed, root.optional_items("not_analyzed"))),
        routes=tuple(map(_route, root.optional_items("routes"))),
    )


def _route(node: JsonNode) -> RouteQueries:
    return RouteQueries(
        route=node.field("route").text(),
        requests=node.field("requests").size(),
        queries=node.field("queries").size(),
        most=node.field("most").size(),
        squares=node.optional_size("squares"),
    )


def _outcome(node: JsonNode) -> TableOutcome:
    return TableOutcome(
        source=node.field("source").text(),
        target=node.field("target").text(),
        rows=node.field("rows").size(),
        size_bytes=node.field("size_bytes").size(),
        rejected=node.field("rejected").size(),
        type_changes=node.field("type_changes").size(),
        objects=node.field("objects").size(),
        verified=node.field("verified").flag(),
        method=node.field("method").text(),
        seconds=node.field("seconds").number(),
    )


def _source(node: JsonNode) -> Source:
    return Source(
        path=node.field("path").text(),
        size_bytes=node.field("size_bytes").size(),
        schema_sha256=node.field("schema_sha256").text(),
        sqlite_version=node.field("sqlite_version").text(),
        application_sqlite_version=node.optional_text("application_sqlite_version"),
    )


def _verdict(node: JsonNode) -> Verdict:
    return Verdict(
        cost_before=node.field("cost_before").number(),
        cost_after=node.field("cost_after").number(),
        gain_ratio=node.field("gain_ratio").number(),
        actions=node.field("actions").texts(),
        time_before_ns=node.optional_number("time_before_ns"),
        time_after_ns=node.optional_number("time_after_ns"),
    )


def _finding(node: JsonNode) -> Finding:
    change = node.optional("change")
    return Finding(
        code=node.field("code").text(),
        severity=cast(Any, node.field("severity").one_of(SEVERITIES)),
        subject=node.field("subject").text(),
        message=node.field("message").text(),
        evidence=tuple(
            Evidence(name, _evidence_value(value))
            for name, value in node.field("evidence").fields()
        ),
        help=node.field("help").text(),
        command=node.optional_text("command"),
        change=None if change is None else _change(change),
    )


def _evidence_value(node: JsonNode) -> EvidenceValue:
    if node.value is None or isinstance(node.value, bool | str):
        return node.value
    if isinstance(node.value, int | float):
        return node.number()
    if isinstance(node.value, list):
        return node.texts()
    node.fail("a string, a number, true, false, null or an array of strings")


def _change(node: JsonNode) -> Change:
    index = node.optional("index")
    return Change(
        up=node.field("up").texts(),
        down=node.field("down").texts(),
        reason=node.optional_text("reason") or "",
        index_name=None if index is None else index.optional_text("name"),
        index=None if index is None or index.optional("table") is None else _index(index),
    )


def _index(node: JsonNode) -> IndexSpec:
    return IndexSpec(
        table=node.field("table").text(),
        terms=node.field("terms").texts(),
        where=node.optional_text("where"),
        unique=node.field("unique").flag(),
    )


def _considered(node: JsonNode) -> ConsideredIndex:
    return ConsideredIndex(
        name=node.field("name").text(),
        sql=node.field("sql").text(),
        used_by=node.field("used_by").texts(),
        gain_ratio=node.field("gain_ratio").number(),
        size_bytes=node.field("size_bytes").size(),
        write_cost_ratio=node.field("write_cost_ratio").number(),
        note=node.optional_text("note") or "",
    )


def _applied(node: JsonNode) -> AppliedChange:
    return AppliedChange(
        revision=node.field("revision").text(),
        direction=cast(Any, node.field("direction").one_of(("up", "down"))),
        statements=node.field("statements").texts(),
        reason=node.field("reason").text(),
        lock_seconds=node.optional_number("lock_seconds"),
        path=node.optional_text("path"),
    )
