"""Whether the indexes that rules would drop can really go, all together, beside the new ones."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from dbtune.advisor.cost import open_scratch
from dbtune.advisor.oracle import Oracle, ShapeCost
from dbtune.advisor.pool import Pool
from dbtune.advisor.proof import PlannedIndex, slower_reads
from dbtune.advisor.subjects import Subjects


def harmful_drops(
    base: Path,
    subjects: Subjects,
    after: Sequence[ShapeCost],
    planned: Sequence[PlannedIndex],
    names: Sequence[str],
) -> frozenset[str]:
    """Return those of `names` without which some recorded read gets slower than `after`.

    Builds the new indexes on another copy of `base` and hides the old ones; a harmful one is
    shown again and the rest asked about once more, until no read is slower.
    """
    path = base.with_name("drops.db")
    shutil.copyfile(base, path)
    try:
        with closing(open_scratch(path, subjects.functions)) as connection:
            pool = Pool(connection)
            for index in planned:
                pool.build(index.name, index.sql)
            pool.finish(names, analyze=dict.fromkeys(index.table for index in planned))
            return _settle(pool, subjects, after, frozenset(names) & pool.names)
    finally:
        path.unlink()


def _settle(
    pool: Pool, subjects: Subjects, after: Sequence[ShapeCost], names: frozenset[str]
) -> frozenset[str]:
    oracle = Oracle(pool, subjects.ready)
    harmful: frozenset[str] = frozenset()
    while True:
        visible = pool.names - (names - harmful)
        now = [oracle.cost(i, visible) for i in range(len(subjects.ready))]
        slower = {s.shape_id for s in slower_reads(subjects.ready, after, now, frozenset())}
        needed = {
            name
            for i, subject in enumerate(subjects.ready)
            if subject.shape.id in slower
            for name in names - harmful
            if name in oracle.relevant(i)
        }
        if not needed:
            return harmful
        harmful |= needed
