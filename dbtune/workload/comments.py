"""Comments in statements: taking them out, and the tags some frameworks write into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from dbtune.workload.tokens import COMMENT, QUOTED, STRING_BODY, WHITE_SPACE

_OPAQUE = re.compile(rf"'{STRING_BODY}|{QUOTED}|({COMMENT})")
_AROUND = WHITE_SPACE + ";"
_TAG = re.compile(r"([A-Za-z0-9_.%-]+)\s*=\s*'((?:[^'\\]|\\.)*)'")


@dataclass(frozen=True)
class CommentTags:
    """What sqlcommenter writes after a statement (https://google.github.io/sqlcommenter/spec/)."""

    route: str | None = None
    traceparent: str | None = None


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
    return CommentTags(route=tags.get("route"), traceparent=tags.get("traceparent"))
