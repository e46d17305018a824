"""Which differences between two measurements are regressions, and which say nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.benchmark.regressions import GateLimits, compare
from dbtune.model.comparison import (
    COUNTERS,
    METRICS,
    Comparison,
    MeasuredShape,
    Metric,
    Side,
    TimeInterval,
)
from dbtune.model.workload import RouteQueries

LIMITS = GateLimits(METRICS, 0.1)
SEARCH = ("SEARCH orders USING INDEX ix_orders_user_id (user_id=?)",)
SCAN = ("SCAN orders",)
SHAPE = MeasuredShape("a1", "SELECT 1 FROM orders", "read", 10, 50_000, 900, SEARCH, "0f0f")
PAGE = RouteQueries("GET /", requests=20, queries=500, most=26)


def side(*shapes: MeasuredShape, routes: tuple[RouteQueries, ...] = (), **more: object) -> Side:
    """Return a side of one size and schema."""
    return Side("report.json", 4096, "sha", "3.50.4", shapes, routes, **more)  # type: ignore[arg-type]


def outcomes(comparison: Comparison) -> dict[str, str]:
    """Return the outcome of each metric that is not the same as before."""
    found = comparison.differences
    return {d.metric: d.outcome for d in found if d.outcome != "unchanged"}


def changed(**fields: object) -> dict[str, str]:
    """Return what is told where head's only shape differs so."""
    head = replace(SHAPE, **fields)  # type: ignore[arg-type]
    return outcomes(compare(side(SHAPE), side(head), LIMITS))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"steps": 55_000}, {}),
        ({"steps": 56_000}, {"steps": "regression"}),
        ({"steps": 44_000}, {"steps": "improvement"}),
        ({"fetches": 1_008}, {"fetches": "regression"}),
        ({"steps": None}, {"steps": "inconclusive"}),
        ({"stopped": True, "steps": 90_000}, {"steps": "regression"}),
        ({"samples_digest": None, "steps": 56_000}, {"steps": "regression"}),
        (
            {"samples_digest": "1234", "steps": 90_000, "plan": SEARCH + SEARCH},
            {"steps": "inconclusive", "fetches": "inconclusive", "plans": "inconclusive"},
        ),
        ({"plan": SCAN}, {}),
        ({"plan": SCAN, "steps": 50_001}, {"scans": "regression", "plans": "regression"}),
        ({"plan": SCAN, "steps": 900}, {"steps": "improvement"}),
    ],
    ids=[
        "same",
        "ten percent more",
        "twelve percent more steps",
        "fewer steps",
        "twelve percent more fetches",
        "no count",
        "not run to its end",
        "nobody noted the values",
        "other values",
        "another plan of the same cost",
        "a new scan",
        "a scan that is cheaper",
    ],
)
def test_a_shape_is_worse_where_it_takes_more(
    fields: dict[str, object], expected: dict[str, str]
) -> None:
    """Counters decide; a plan counts only where it is not shown to be as good."""
    assert changed(**fields) == expected


@pytest.mark.parametrize(("fetches", "regressed"), [(24, False), (104, True)])
def test_an_index_more_is_no_regression_of_a_write(fetches: float, regressed: bool) -> None:
    """What serves reads has to be kept up to date; ten microseconds a write are more than that."""
    insert = replace(SHAPE, kind="write", steps=60, fetches=4, plan=())
    head = replace(insert, fetches=fetches)
    assert compare(side(insert), side(head), LIMITS).regressed is regressed


@pytest.mark.parametrize("metric", ["steps", "fetches"])
def test_quick_statements_are_not_judged_by_a_handful_of_steps(metric: str) -> None:
    """Twice of next to nothing is next to nothing."""
    small = replace(SHAPE, steps=40, fetches=4)
    head = replace(small, **{metric: getattr(small, metric) * 2})
    assert outcomes(compare(side(small), side(head), LIMITS)) == {}


@pytest.mark.parametrize(("schema", "expected"), [("other", "regression"), ("sha", "inconclusive")])
def test_a_new_scan_with_other_values_counts_where_the_schema_differs(
    schema: str, expected: str
) -> None:
    """Under one schema it is the values: partial indexes and patterns of LIKE depend on them."""
    head = replace(SHAPE, plan=SCAN, samples_digest="1234")
    other = replace(side(head), schema_sha256=schema)
    assert outcomes(compare(side(SHAPE), other, LIMITS))["scans"] == expected


@pytest.mark.parametrize(
    ("steps", "plan", "regressed"),
    [(50_000, SCAN, True), (500, SCAN, False), (50_000, SEARCH, False)],
    ids=["reads a large table", "reads a small table", "searches"],
)
def test_a_new_query_is_worse_where_it_reads_a_large_table_from_end_to_end(
    steps: float, plan: tuple[str, ...], regressed: bool
) -> None:
    """There is nothing to compare it with, but nobody wants it."""
    new = replace(SHAPE, id="b2", steps=steps, plan=plan)
    comparison = compare(side(SHAPE), side(SHAPE, new), LIMITS)
    assert comparison.regressed == regressed
    assert [shape.id for shape in comparison.only_in_head] == [new.id]


def test_a_new_query_may_scan_what_others_scan_already() -> None:
    """Where a table is read from end to end by another query, whatever either calls it."""
    scan = replace(SHAPE, text="SELECT 1 FROM orders AS o", plan=("SCAN o",))
    new = replace(SHAPE, id="b2", text="SELECT x FROM orders", plan=SCAN)
    assert not compare(side(scan), side(new), LIMITS).regressed
    other = replace(new, text="SELECT 1 FROM users u", plan=("SCAN u",))
    (found,) = compare(side(scan), side(other), LIMITS).of("regression")
    assert found.reason == "a new query, and the first to read users from end to end"


def test_what_head_could_not_measure_is_not_known() -> None:
    """A query that no longer prepares is no improvement."""
    head = side(not_measured=frozenset({"a1"}))
    assert outcomes(compare(side(SHAPE), head, LIMITS)) == {"steps": "inconclusive"}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (RouteQueries("GET /", 20, 500, 26), None),
        (RouteQueries("GET /", 20, 560, 26), "regression"),
        (RouteQueries("GET /", 20, 60, 3), "improvement"),
        (RouteQueries("GET /", 10, 300, 31), "regression"),
        (RouteQueries("GET /", 10, 300, 26), "inconclusive"),
        (RouteQueries("GET /other", 20, 900, 90), None),
    ],
    ids=["same", "more", "fewer", "more in fewer", "another mix", "another route"],
)
def test_queries_a_request_are_compared_by_route(head: RouteQueries, expected: str | None) -> None:
    """A mean moves with the mix of requests; then the worst request has to be worse as well."""
    comparison = compare(side(routes=(PAGE,)), side(routes=(head,)), LIMITS)
    assert outcomes(comparison) == ({"queries": expected} if expected else {})


def requests(route: str, sent: list[int]) -> RouteQueries:
    """Return what requests that each sent so many queries come to."""
    squares = sum(queries * queries for queries in sent)
    return RouteQueries(route, len(sent), sum(sent), max(sent), squares)


def test_another_mix_of_the_same_requests_is_no_regression() -> None:
    """Pages whose queries depend on what they show, in 200 recordings of one application."""
    draw = random.Random(7)
    pages: list[Callable[[], int]] = [
        lambda: 1 + draw.randint(0, 12),
        lambda: 1 + min(200, int(draw.expovariate(0.25))),
        lambda: 61 if draw.random() < 0.03 else 3,
        lambda: draw.choice([2, 9]),
        lambda: 4,
    ]

    def recorded() -> tuple[RouteQueries, ...]:
        counts = [draw.randint(20, 40) for _ in pages]
        return tuple(
            requests(f"/{place}", [page() for _ in range(count)])
            for place, (page, count) in enumerate(zip(pages, counts, strict=True))
        )

    for _ in range(200):
        comparison = compare(side(routes=recorded()), side(routes=recorded()), LIMITS)
        assert comparison.of("regression") == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [([23] * 5, [26] * 6), ([2, 3, 4] * 10, [20, 30, 40] * 9), ([23] * 4, [27] * 4)],
    ids=["all alike", "tenfold", "as many"],
)
def test_more_queries_are_found_in_another_number_of_requests(
    before: list[int], after: list[int]
) -> None:
    """Where no mix of what base recorded would make as many."""
    comparison = compare(
        side(routes=(requests("/", before),)), side(routes=(requests("/", after),)), LIMITS
    )
    assert outcomes(comparison) == {"queries": "regression"}


def test_few_requests_of_another_mix_say_nothing() -> None:
    """The only request of base may have been the smallest."""
    comparison = compare(
        side(routes=(requests("/", [3]),)), side(routes=(requests("/", [3, 9]),)), LIMITS
    )
    assert outcomes(comparison) == {"queries": "inconclusive"}


def test_one_query_more_a_request_is_found_and_one_in_many_requests_is_not() -> None:
    """From one to two is a regression; 0.2 queries more are another path through the page."""
    one = RouteQueries("GET /", 10, 10, 1)
    assert compare(
        side(routes=(one,)), side(routes=(replace(one, queries=20, most=2),)), LIMITS
    ).regressed
    assert not compare(
        side(routes=(one,)), side(routes=(replace(one, queries=12),)), LIMITS
    ).regressed


MS = 1e6
STEADY = TimeInterval(10 * MS, 10.1 * MS, 1.01, 0.97, 1.05, 30)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"ratio": 1.3, "head_ns": 13 * MS, "low": 1.2, "high": 1.4}, "regression"),
        ({"ratio": 0.5, "head_ns": 5 * MS, "low": 0.4, "high": 0.6}, "improvement"),
        ({"ratio": 1.3, "head_ns": 13 * MS, "low": 0.9, "high": 1.7}, "inconclusive"),
        ({"ratio": 1.3, "head_ns": 13 * MS, "low": None, "high": None}, "inconclusive"),
        ({"ratio": 1.3, "base_ns": 9e3, "head_ns": 12e3, "low": 1.2, "high": 1.4}, None),
    ],
    ids=["same", "slower", "faster", "noisy", "too few runs", "some microseconds"],
)
def test_time_counts_where_runs_by_turns_leave_no_doubt(
    fields: dict[str, float | None], expected: str | None
) -> None:
    """The interval has to exclude that there is no difference, and the difference has to matter."""
    time = replace(STEADY, **fields)  # type: ignore[arg-type]
    found = outcomes(compare(side(SHAPE), side(SHAPE), LIMITS, {"a1": time}))
    assert found == ({"time": expected} if expected else {})


@pytest.mark.parametrize("metric", COUNTERS)
def test_only_the_metrics_asked_for_decide(metric: Metric) -> None:
    """Who asks for steps is not stopped by a plan."""
    base = side(SHAPE, routes=(PAGE,))
    head = side(
        replace(SHAPE, steps=90_000, fetches=2_000, plan=SCAN),
        routes=(replace(PAGE, queries=900, most=60),),
    )
    comparison = compare(base, head, GateLimits((metric,), 0.1))
    assert [(d.metric, d.outcome) for d in comparison.differences] == [(metric, "regression")]


def test_what_may_explain_a_difference_is_told() -> None:
    """Another library, another schema or more rows, and routes that one side lacks."""
    base = side(SHAPE, routes=(PAGE,))
    assert compare(base, base, LIMITS).notes == ()
    larger = replace(base, size_bytes=9999)
    other = replace(base, sqlite_version="3.40.1", schema_sha256="x", routes=())
    assert "more rows" in compare(base, larger, LIMITS).notes[0]
    version, schema, routes = compare(base, other, LIMITS).notes
    assert ("3.40.1" in version, "schemas differ" in schema, "no routes" in routes) == (True,) * 3


counts = st.floats(1_000, 1e9)


@given(steps=counts, fetches=counts, factor=st.floats(1.12, 100))
def test_twelve_percent_more_is_always_found(steps: float, fetches: float, factor: float) -> None:
    """Whatever the size of the statement, with a limit of ten percent."""
    base = side(replace(SHAPE, steps=steps, fetches=fetches))
    for grown in ({"steps": steps * factor}, {"fetches": fetches * factor}):
        head = replace(base, shapes=(replace(base.shapes[0], **grown),))
        assert compare(base, head, LIMITS).regressed
    assert not compare(base, base, LIMITS).regressed
