"""Query shapes, and what explains the advice on them, read back from a report's JSON document."""

from __future__ import annotations

from typing import Any, cast

from dbtune.model.advice import ShapeReport
from dbtune.model.explanation import (
    NOT_ANALYZED_REASONS,
    RIVAL_KINDS,
    TRIED_OUTCOMES,
    UNHELPED_REASONS,
    IndexExplanation,
    NotAnalyzed,
    RunnerUp,
    TriedIndex,
    Unhelped,
    WriteEffect,
)
from dbtune.report.documents.json_node import JsonNode

_VALUES = ("recorded", "drawn", "none")
_KINDS = ("read", "write", "other")


def read_shape(node: JsonNode) -> ShapeReport:
    """Return a query shape; what a document from before this version lacks has its default."""
    values, kind = node.optional("values"), node.optional("kind")
    samples, runs = node.optional("samples"), node.optional("timed_runs")
    unhelped = node.optional("unhelped")
    return ShapeReport(
        id=node.field("id").text(),
        text=node.field("text").text(),
        count=node.field("count").number(),
        share=node.field("share").number(),
        cost_before=node.field("cost_before").number(),
        cost_after=node.field("cost_after").number(),
        plan_before=node.field("plan_before").texts(),
        plan_after=node.field("plan_after").texts(),
        time_before_ns=node.optional_number("time_before_ns"),
        time_after_ns=node.optional_number("time_after_ns"),
        values=cast(Any, "recorded" if values is None else values.one_of(_VALUES)),
        kind=cast(Any, "read" if kind is None else kind.one_of(_KINDS)),
        samples=1 if samples is None else samples.size(),
        samples_digest=node.optional_text("samples_digest"),
        page_fetches_before=node.optional_number("page_fetches_before"),
        page_fetches_after=node.optional_number("page_fetches_after"),
        vm_steps_before=node.optional_number("vm_steps_before"),
        vm_steps_after=node.optional_number("vm_steps_after"),
        timed_runs=1 if runs is None else runs.size(),
        words_before=node.optional_texts("words_before"),
        words_after=node.optional_texts("words_after"),
        served_by=node.optional_texts("served_by"),
        unhelped=None if unhelped is None else _unhelped(unhelped),
        tried=tuple(map(_tried, node.optional_items("tried"))),
    )


def read_explanation(node: JsonNode) -> IndexExplanation:
    """Return what explains a recommended index."""
    runner_up = node.optional("runner_up")
    return IndexExplanation(
        name=node.field("name").text(),
        sql=node.field("sql").text(),
        shapes=node.field("shapes").texts(),
        share=node.field("share").number(),
        size_bytes=node.field("size_bytes").size(),
        write_cost_ratio=node.optional_number("write_cost_ratio"),
        writes=tuple(map(_write, node.field("writes").items())),
        runner_up=None if runner_up is None else _runner_up(runner_up),
        estimated=node.field("estimated").flag(),
    )


def read_not_analyzed(node: JsonNode) -> NotAnalyzed:
    """Return a shape that nothing was measured of."""
    return NotAnalyzed(
        id=node.field("id").text(),
        text=node.field("text").text(),
        count=node.field("count").number(),
        reason=cast(Any, node.field("reason").one_of(NOT_ANALYZED_REASONS)),
        message=node.field("message").text(),
    )


def _write(node: JsonNode) -> WriteEffect:
    return WriteEffect(
        shape_id=node.field("shape_id").text(),
        count=node.field("count").number(),
        cost_without=node.field("cost_without").number(),
        cost_with=node.field("cost_with").number(),
    )


def _runner_up(node: JsonNode) -> RunnerUp:
    return RunnerUp(
        kind=cast(Any, node.field("kind").one_of(RIVAL_KINDS)),
        sql=node.optional_text("sql"),
        size_bytes=node.field("size_bytes").size(),
        cost_ratio=node.field("cost_ratio").number(),
        reason=node.field("reason").text(),
    )


def _unhelped(node: JsonNode) -> Unhelped:
    return Unhelped(
        reason=cast(Any, node.field("reason").one_of(UNHELPED_REASONS)),
        message=node.field("message").text(),
    )


def _tried(node: JsonNode) -> TriedIndex:
    return TriedIndex(
        sql=node.field("sql").text(),
        size_bytes=node.field("size_bytes").size(),
        gain_ratio=node.field("gain_ratio").number(),
        outcome=cast(Any, node.field("outcome").one_of(TRIED_OUTCOMES)),
    )
