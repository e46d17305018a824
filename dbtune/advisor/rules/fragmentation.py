"""fragmentation: pages of a table lie far apart, so that reading it whole seeks.

It carries no Change: VACUUM cannot be taken back, and `dbtune optimize` runs it.
Source: https://www.sqlite.org/dbstat.html, https://www.sqlite.org/lang_vacuum.html
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.wording import megabytes, percent
from dbtune.model.advice import Evidence, Finding

CODE = "fragmentation"

# A smaller file is in memory after the first minute, where order does not matter.
_BIG_FILE_BYTES = 50_000_000

# Tables that grow side by side reach a third; VACUUM is felt when scans come from a disk and
# about half of their pages are elsewhere.
_FRAGMENTED_RATIO = 0.5


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for a big file whose tables are scattered."""
    ratio, size = facts.health.fragmentation_ratio, facts.health.size_bytes
    if ratio is None or ratio < _FRAGMENTED_RATIO or size < _BIG_FILE_BYTES:
        return ()
    return (
        Finding(
            code=CODE,
            severity="low",
            subject="file",
            message=(
                f"{percent(ratio)} of the tables' pages do not lie behind the page before them, in "
                f"a file of {megabytes(size)}: reading a table that is not in memory seeks."
            ),
            evidence=(Evidence("fragmentation_ratio", ratio), Evidence("size_bytes", size)),
            help="VACUUM rebuilds the file in order; it needs twice the space and an idle moment.",
            command="dbtune optimize DB",
        ),
    )
