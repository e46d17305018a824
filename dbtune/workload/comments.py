"""Comments in statements: taking them out, and the tags some frameworks write into them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from dbtune.model.workload import RecordedQuery
from dbtune.workload.tokens import COMMENT, QUOTED, STRING_BODY, WHITE_SPACE

_OPAQUE = re.compile(rf"'{STRING_BODY}|{QUOTED}|({COMMENT})")
_AROUND = WHITE_SPACE + ";"
_TAG = re.compile(r"([A-Za-z0-9_.%-]+)\s*=\s*'((?:[^'\\]|\\.)*)'")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class CommentTags:
    """What sqlcommenter writes after a statement (https://google.github.io/sqlcommenter/spec/)."""

    route: str | None = None
    traceparent: str | None = None
    file_path: str | None = None
    line_number: int | None = None

    @property
    def request_id(self) -> str | None:
        """The trace, which stands in for a request."""
        return trace_id(self.traceparent)


def may_hold_comments(text: str) -> bool:
    """Tell in no time that most statements hold no comment."""
    return "--" in text or "/*" in text


def strip_comments(text: str) -> str:
    """Return the statement with each comment as one space; strings and names stay as they are."""
    return _OPAQUE.sub(lambda match: " " if match.group(1) else match.group(), text).strip(
        WHITE_SPACE
    )


def clean_statement(text: str) -> str:
    """Return the statement without comments, and without space and semicolons around it."""
    return (strip_comments(text) if may_hold_comments(text) else text).strip(_AROUND)


def read_tags(text: str) -> CommentTags:
    """Return the tags in the statement's comments, such as `/*route='%2Fusers'*/`."""
    tags: dict[str, str] = {}
    for match in _OPAQUE.finditer(text):
        comment = match.group(1)
        if comment and comment.startswith("/*"):
            tags.update((key, unquote(value)) for key, value in _TAG.findall(comment))
    # Some write "app.py:42" as the line, and what it is in behind that.
    path, _, number = tags.get("line", "").rpartition(":")
    number = number if path else tags.get("line", "")
    return CommentTags(
        route=tags.get("route") or _action(tags.get("controller"), tags.get("action")),
        traceparent=tags.get("traceparent"),
        file_path=tags.get("file") or path or None,
        line_number=int(number) if _NUMBER.fullmatch(number) else None,
    )


def with_tags(query: RecordedQuery) -> RecordedQuery:
    """Return a statement with what its comments say and its own keys do not."""
    if not may_hold_comments(query.text):
        return query
    tags = read_tags(query.text)
    own_place = query.file_path is not None
    return replace(
        query,
        route=query.route or tags.route,
        request_id=query.request_id or tags.request_id,
        file_path=query.file_path if own_place else tags.file_path,
        line_number=query.line_number if own_place else tags.line_number,
    )


def trace_id(traceparent: str | None) -> str | None:
    """Return the trace in a W3C traceparent, which stands in for a request id, or None."""
    parts = traceparent.split("-") if traceparent else []
    return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else None


def _action(controller: str | None, action: str | None) -> str | None:
    return f"{controller}#{action}" if controller and action else controller
