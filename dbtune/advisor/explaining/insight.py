"""What the search knows beside its choice: rivals, and what was looked at for each shape."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dbtune.advisor.choosing.choice import Choice
from dbtune.advisor.choosing.objective import Limits
from dbtune.advisor.explaining.index_words import existing_specs
from dbtune.advisor.explaining.runner_up import runners_up
from dbtune.advisor.explaining.tried import Tried, tried_indexes
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import RunnerUp
from dbtune.model.schema import Schema
from dbtune.sqlite.schema.index_ddl import create_index_sql, index_name

# The part of the user's time limit that each half of it may take; nearly all is known from the
# search, unless that was cut short.
_SHARE = 0.05


@dataclass(frozen=True)
class Insight:
    """`tried` is parallel to the subjects, or empty; `proposed` are shapes that got candidates.

    `min_gain_ratio` is the limit that the search kept to.
    """

    runners_up: tuple[tuple[IndexSpec, RunnerUp], ...] = ()
    tried: tuple[tuple[Tried, ...], ...] = ()
    proposed: frozenset[str] = frozenset()
    min_gain_ratio: float = 0.0

    def runner_up(self, spec: IndexSpec | None) -> RunnerUp | None:
        """Return the best rival of a recommended index, where one was looked for."""
        return next((found for own, found in self.runners_up if own == spec), None)


NO_INSIGHT = Insight()


def gain_insight(
    choice: Choice,
    schema: Schema,
    limits: Limits,
    left_out: Collection[str],
    time: TimeLimit,
) -> Insight:
    """Return what there is to tell about a choice; `left_out` is the DDL of what proof took out."""
    banned = frozenset(
        spec
        for spec in choice.specs.values()
        if create_index_sql(index_name(spec, ()), spec) in left_out
    )
    existing = (spec for _, spec in existing_specs(schema))
    return Insight(
        runners_up(choice, existing, banned, time.start(_SHARE)),
        tried_indexes(choice, limits, banned, time.start(_SHARE)),
        choice.proposed,
        limits.min_gain_ratio,
    )
