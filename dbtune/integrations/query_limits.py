"""What a test allows itself, and what is said where it does not keep to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.config import IgnoreRule, read_ignored
from dbtune.errors import ConfigurationError
from dbtune.integrations.query_log import QueryLog, described
from dbtune.model.workload import RepeatedQuery
from dbtune.workload.n_plus_one import LEAST_REPEATS

_CODE = "n-plus-one"


@dataclass(frozen=True)
class QueryLimits:
    """What a test allows; None and False allow anything."""

    exactly: int | None = None
    max: int | None = None
    no_n_plus_one: bool = False
    min_repeats: int = LEAST_REPEATS

    def __post_init__(self) -> None:
        """Raise ConfigurationError for limits that mean nothing."""
        for name, least in (("exactly", 0), ("max", 0), ("min_repeats", 2)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < least):
                raise ConfigurationError(
                    f"{name} is {value!r}; expected a whole number from {least} on"
                )
        if self.exactly is not None and self.max is not None:
            raise ConfigurationError("exactly and max exclude one another: give one of them")


def complaint_of(log: QueryLog, limits: QueryLimits) -> str | None:
    """Return why a test fails, None where it keeps its limits.

    N+1 that the configuration of the working directory ignores is passed over.
    """
    lines = [*_miscounted(log, limits), *_repeated(log, limits)]
    if not lines:
        return None
    return "\n".join([*lines, "Queries sent:", str(log)] if log.count else lines)


def _miscounted(log: QueryLog, limits: QueryLimits) -> Iterator[str]:
    queries = "1 query was" if log.count == 1 else f"{log.count:,} queries were"
    if limits.exactly is not None and log.count != limits.exactly:
        yield f"{queries} sent; expected exactly {limits.exactly:,}"
    if limits.max is not None and log.count > limits.max:
        yield f"{queries} sent; expected at most {limits.max:,}"


def _repeated(log: QueryLog, limits: QueryLimits) -> Iterator[str]:
    found = log.n_plus_one(limits.min_repeats) if limits.no_n_plus_one else ()
    if not found:
        return
    ignored = read_ignored()
    templates = log.templates()
    relationships = {repeated.relationship for repeated in found}
    for repeated in found:
        if not any(_ignores(rule, repeated) for rule in ignored):
            yield from described(repeated, templates[repeated.shape_id], relationships)


def _ignores(rule: IgnoreRule, repeated: RepeatedQuery) -> bool:
    return (
        rule.finding == _CODE
        and rule.subject in (None, repeated.shape_id)
        and rule.route in (None, repeated.route)
        and rule.relationship in (None, repeated.relationship)
        and rule.is_at(repeated.call_site)
    )
