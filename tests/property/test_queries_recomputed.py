"""The digest of random recordings against the plainest computation of the same."""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dbtune.journeys.queries import QueriesOptions, digest_queries
from dbtune.model.digest import QueryDigest

BEGAN = 1_780_000_000.0
TTLS = (0.5, 2.0, 30.0, 600.0)
# Each text is its own template; with the tables it reads, or the one it writes.
READS = {
    "select a from t1 where id = ?": {"t1"},
    "select b from t2 join t1 on t1.x = t2.y where t2.k = ?": {"t1", "t2"},
    "select count(*) from t3": {"t3"},
}
WRITES = {"update t1 set a = ? where id = ?": "t1", "delete from t3 where z = ?": "t3"}
TEXTS = (*READS, *WRITES, "commit", "create table t4(a)")
WEIGHTS = (60, 40, 20, 1, 1, 5, 0.05)


@dataclass(frozen=True)
class Sent:
    """A line as it was meant; `weight` is its count over the sample rate."""

    text: str
    at: float
    values: tuple[object, ...] | None
    count: int
    weight: float
    duration_ns: int | None
    rows: int | None
    error: str | None
    database: str | None


def recorded(path: Path, draw: random.Random) -> list[Sent]:
    """Write a recording and return what its lines mean."""
    at, rate, sent, lines = BEGAN, 1.0, [], []
    for _ in range(draw.randint(500, 1_500)):
        at += round(draw.expovariate(20), 6)
        if draw.random() < 0.003:
            rate = draw.choice([1.0, 0.5, 0.1])
            lines.append({"dbtune.recording": 1, "sample_rate": rate})
        (text,) = draw.choices(TEXTS, WEIGHTS)
        bound = [draw.randint(0, 30) for _ in range(text.count("?"))]
        form = draw.choice(["values", "values", "digest", "unknown"]) if bound else "none"
        count = draw.randint(2, 9) if draw.random() < 0.05 else 1
        one = Sent(
            text,
            at,
            {"none": (), "unknown": None}.get(form, (form, *bound)),
            count,
            count / rate,
            round(draw.lognormvariate(13, 1.5)) if draw.random() < 0.9 else None,
            draw.randint(0, 20) if draw.random() < 0.8 else None,
            "database is locked" if draw.random() < 0.02 else None,
            draw.choice(["/a.db", "/b.db", None]),
        )
        fields: dict[str, Any] = {
            "db.query.text": text,
            "db.query.parameters": bound if form == "values" else None,
            "dbtune.values_digest": "".join(f"{value:08x}" for value in bound)
            if form == "digest"
            else None,
            "ts": round(at * 1_000_000),
            "count": count if count > 1 else None,
            "duration_ns": one.duration_ns,
            "rows": one.rows,
            "error": one.error,
            "db.namespace": one.database,
        }
        lines.append({key: value for key, value in fields.items() if value is not None})
        sent.append(one)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return sent


def quantile(durations: list[tuple[int, float]], part: float) -> int:
    """Return the least duration that `part` of all do not exceed."""
    wanted, reached = part * sum(weight for _, weight in durations), 0.0
    for duration, weight in sorted(durations):
        reached += weight
        if reached >= wanted * (1 - 1e-12):
            return duration
    raise AssertionError


@pytest.fixture(params=range(4))
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[list[Sent], QueryDigest]:
    """Return the lines of a random recording, and their digest."""
    path = tmp_path / "app.queries.jsonl"
    sent = recorded(path, random.Random(request.param))
    return sent, digest_queries(QueriesOptions((str(path),), cache_ttls=TTLS))


def test_figures_are_those_of_the_lines(both: tuple[list[Sent], QueryDigest]) -> None:
    """Calls, times, rows and errors of each query; quantiles within what is promised."""
    sent, digest = both
    found = {query.template: query for query in digest.queries}
    assert set(found) == {one.text for one in sent}
    for text, query in found.items():
        own = [one for one in sent if one.text == text]
        times = [(one.duration_ns, one.weight) for one in own if one.duration_ns is not None]
        assert query.latency is not None and query.rows is not None
        total = sum(duration * weight for duration, weight in times)
        weights = sum(weight for _, weight in times)
        variance = sum(w * (d - total / weights) ** 2 for d, w in times) / weights
        assert query.calls == pytest.approx(sum(one.weight for one in own))
        assert query.error_calls == pytest.approx(sum(one.weight for one in own if one.error))
        assert query.latency.total_ns == pytest.approx(total)
        assert query.latency.stdev_ns == pytest.approx(math.sqrt(variance), rel=1e-4)
        assert (query.latency.min_ns, query.latency.max_ns) == (min(times)[0], max(times)[0])
        for part, name in ((0.5, "median_ns"), (0.95, "p95_ns"), (0.99, "p99_ns")):
            expected = pytest.approx(quantile(times, part), rel=0.008)
            assert getattr(query.latency, name) == expected
        rows = sum(one.rows * one.weight / one.count for one in own if one.rows is not None)
        assert query.rows.total == pytest.approx(rows)


def test_hits_and_stale_hits_are_those_of_a_cache(both: tuple[list[Sent], QueryDigest]) -> None:
    """A dictionary that forgets, asked line by line, answers as often and is as often wrong."""
    sent, digest = both
    lookups: dict[str, float] = defaultdict(float)
    hits: dict[tuple[str, float], float] = defaultdict(float)
    stale: dict[tuple[str, float], float] = defaultdict(float)
    filled: dict[tuple[object, ...], tuple[float, int]] = {}
    written: dict[object, int] = {}
    for number, one in enumerate(sent):
        if one.error is not None:
            continue
        if one.text in WRITES:
            written[one.database, WRITES[one.text]] = number
        elif one.text.startswith("create"):
            written["all"] = number
        elif one.text in READS and one.values is not None:
            lookups[one.text] += one.weight
            tables = (written.get((one.database, table), -1) for table in READS[one.text])
            latest = max(written.get("all", -1), *tables)
            for ttl in TTLS:
                entry = one.text, one.values, one.database, ttl
                at, since = filled.get(entry, (-math.inf, -1))
                if one.at - at < ttl:
                    hits[one.text, ttl] += one.weight
                    stale[one.text, ttl] += one.weight * (latest > since)
                else:
                    filled[entry] = one.at, number
    assert digest.cache is not None
    assert {advice.template for advice in digest.cache.advice} == set(READS)
    for advice in digest.cache.advice:
        assert advice.lookups == pytest.approx(lookups[advice.template])
        for outcome in advice.outcomes:
            key = advice.template, outcome.ttl_seconds
            assert outcome.hit_ratio == pytest.approx(hits[key] / lookups[advice.template])
            assert outcome.stale_ratio * hits[key] == pytest.approx(stale[key])
