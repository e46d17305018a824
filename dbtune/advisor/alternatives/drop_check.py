"""Whether the indexes that rules would drop can really go, all together, beside the new ones."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.oracle import Oracle, ShapeCost
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.proving.proof import PlannedIndex, is_slower
from dbtune.sqlite.schema.analyzed_tables import tables_to_analyze


def harmful_drops(
    base: Path,
    baseline: Baseline,
    after: Sequence[ShapeCost],
    planned: Sequence[PlannedIndex],
    names: Sequence[str],
    proven: Path | None = None,
) -> frozenset[str]:
    """Return those of `names` without which some recorded statement gets slower than `after`.

    Hides the old indexes on the `proven` copy, which has the new ones, or on another copy of
    `base` with them built; a harmful one is shown again and the rest asked about once more, until
    nothing is slower. Statements that name an index (INDEXED BY) fail without it, which counts as
    slower.
    """
    path = proven or base.with_name("drops.db")
    if proven is None:
        shutil.copyfile(base, path)
    try:
        with closing(open_scratch(path, baseline.subjects.functions)) as connection:
            pool = Pool(connection)
            missing = planned if proven is None else ()
            tables = tables_to_analyze(connection, (index.table for index in missing))
            for index in missing:
                pool.build(index.name, index.sql)
            pool.finish(names, analyze=tables)
            return _settle(pool, baseline, after, frozenset(names) & pool.names)
    finally:
        path.unlink()


def _settle(
    pool: Pool, baseline: Baseline, after: Sequence[ShapeCost], names: frozenset[str]
) -> frozenset[str]:
    subjects = baseline.subjects.ready
    oracle = Oracle(pool, subjects, runs=baseline.runs.copy())
    harmful: frozenset[str] = frozenset()
    while True:
        visible = pool.names - (names - harmful)
        needed = {
            name
            for i in range(len(subjects))
            if oracle.relevant(i) & (names - harmful)
            and is_slower(after[i], oracle.cost(i, visible))
            for name in oracle.relevant(i) & (names - harmful)
        }
        if not needed:
            return harmful
        harmful |= needed
