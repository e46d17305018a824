"""Facts of a database with what was tried beside the advice, as analyze gathers them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from dbtune.advisor import findings
from dbtune.advisor.alternatives.alternatives import with_alternatives
from dbtune.advisor.facts import Facts
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.workload import QueryShape
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.statistics import read_statistics
from tests.unit.advisor.workbench import TIME, advice_on, read


def tried_facts(path: Path, *shapes: QueryShape, time: TimeLimit = TIME) -> Facts:
    """Advise on a database, which serves as its own scratch copy, and try what is no index."""
    advice = advice_on(path, *shapes)
    schema = read(path)
    with closing(open_readonly(path)) as connection:
        statistics = read_statistics(connection, schema)
        facts = Facts(schema, statistics, read_health(connection, path))
    measured = replace(
        facts,
        shapes=findings.shape_facts(advice),
        new_indexes=findings.new_indexes(advice),
    )
    return with_alternatives(measured, advice, path, time.begin())
