"""freelist: much of the file is empty pages.

It carries no Change: VACUUM cannot be taken back, and `dbtune optimize` runs it.
Source: https://www.sqlite.org/fileformat2.html#the_freelist
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.wording import megabytes, percent
from dbtune.model.advice import Evidence, Finding

CODE = "freelist"

# SQLite fills free pages before the file grows, so some are no loss. Below a quarter, or a few
# megabytes, VACUUM gains less than its lock costs.
_FREE_RATIO = 0.25
_FREE_BYTES = 5_000_000


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for a file of which a quarter and some megabytes are free."""
    health = facts.health
    free = health.freelist_count * health.page_size_bytes
    ratio = health.freelist_count / health.page_count if health.page_count else 0.0
    if ratio < _FREE_RATIO or free < _FREE_BYTES:
        return ()
    return (
        Finding(
            code=CODE,
            severity="low",
            subject="file",
            message=(
                f"{percent(ratio)} of the file are free pages, {megabytes(free)} that backups and "
                "copies carry along."
            ),
            evidence=(
                Evidence("free_ratio", ratio),
                Evidence("free_bytes", free),
                Evidence("freelist_count", health.freelist_count),
                Evidence("page_count", health.page_count),
            ),
            help=(
                "VACUUM gives them back; it needs twice the space and an idle moment. If the same "
                "amount is soon written again, leave them: SQLite uses them first."
            ),
            command="dbtune optimize DB",
        ),
    )
