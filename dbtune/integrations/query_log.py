"""Statements that were sent within a block, and the list that a failing test prints of them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator

from dbtune.model.workload import RecordedQuery, RepeatedQuery
from dbtune.recorder.sent import Sent
from dbtune.workload.digest import WorkloadDigest
from dbtune.workload.eager_loading import eager_loading, key_of, one_for_all
from dbtune.workload.fingerprint import shape_id, template_of
from dbtune.workload.timestamps import normalise_timestamp

# What manages transactions and connections is no query: drivers and frameworks differ in it.
_NOT_COUNTED = frozenset(
    "BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE PRAGMA ATTACH DETACH EXPLAIN".split()
)
# Nor is what they ask of SQLite itself: Django once a process, and with DEBUG on for each statement
# how its values are written.
_ABOUT_SQLITE = re.compile(
    r"\s*SELECT\s+(?:sqlite_(?:version|compileoption)\w*\s*\(|QUOTE\(\?\)(?:, QUOTE\(\?\))*\Z)",
    re.IGNORECASE,
)
_MOST_LISTED = 20
_LONGEST = 160
# Outside of requests the block is what a request is else.
_BLOCK = "block"


class QueryLog:
    """The queries so far; `count` is how many, and `str()` lists them by shape and line."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []

    def note(self, sent: Sent) -> None:
        """Take a statement; one for many rows (executemany) is one."""
        words = sent.text.split(None, 1)
        if not words or words[0].upper().rstrip(";") in _NOT_COUNTED:
            return
        if not _ABOUT_SQLITE.match(sent.text):
            self._sent.append(sent)

    @property
    def count(self) -> int:
        """How many queries were sent."""
        return len(self._sent)

    def n_plus_one(self, min_repeats: int) -> tuple[RepeatedQuery, ...]:
        """Return the reads that one request, or the block, repeats at least so often."""
        digest = WorkloadDigest(min_repeats=min_repeats)
        for sent in self._sent:
            digest.add(_as_query(sent))
        return digest.finish().repeated

    def templates(self) -> dict[str, str]:
        """Return the template of each shape by its id."""
        return {shape_id(sent.text): template_of(sent.text) for sent in self._sent}

    def __str__(self) -> str:
        """Return a line for each shape and call site, the most frequent first."""
        groups = Counter(
            (template_of(sent.text), _site(sent), sent.relationship) for sent in self._sent
        )
        lines = []
        for (template, site, relationship), count in groups.most_common(_MOST_LISTED):
            lines.append(f"{count:>5} x {_shortened(template)}")
            lazy = f", lazy load of {relationship}" if relationship else ""
            lines.append(f"        at {site or 'an unknown line'}{lazy}")
        if len(groups) > _MOST_LISTED:
            lines.append(f"        and {len(groups) - _MOST_LISTED} more")
        return "\n".join(lines)


def described(
    repeated: RepeatedQuery, template: str, relationships: Collection[str | None]
) -> Iterator[str]:
    """Yield what a test says of an N+1: what is repeated where, and how to load it at once.

    `relationships` are all that are loaded row by row.
    """
    what = (
        f"{repeated.relationship} is loaded row by row"
        if repeated.relationship
        else f"one query is sent row by row: {_shortened(template)}"
    )
    route = f" of {repeated.route}" if repeated.route else ""
    yield f"N+1{route} at {repeated.call_site or 'an unknown line'}, {repeated.worst} times: {what}"
    if repeated.relationship:
        yield f"  Fix: {_eager(repeated.relationship, relationships)}"
    else:
        in_django = ", in Django with select_related() or prefetch_related()"
        framework = in_django if "django.db.models" in sys.modules else ""
        yield f"  Fix: {one_for_all(key_of(template))}{framework}"


def _eager(relationship: str, relationships: Collection[str | None]) -> str:
    return eager_loading(relationship, finds_one=None, repeated=relationships)


def _as_query(sent: Sent) -> RecordedQuery:
    return RecordedQuery(
        sent.text,
        count=1.0,
        rows=sent.rows,
        duration_ns=sent.duration_ns,
        timestamp=normalise_timestamp(sent.started_ns),
        request_id=sent.request_id or _BLOCK,
        route=sent.route,
        file_path=sent.file_path,
        line_number=sent.line_number,
        relationship=sent.relationship,
    )


def _site(sent: Sent) -> str | None:
    if sent.file_path is None:
        return None
    return f"{sent.file_path}:{sent.line_number}"


def _shortened(template: str) -> str:
    return template if len(template) <= _LONGEST else f"{template[: _LONGEST - 3]}..."
