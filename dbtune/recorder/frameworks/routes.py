"""Names for requests and pages, where no framework tells them."""

from __future__ import annotations

import re

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_NUMBER = re.compile(r"[0-9]+")
# What a programmer names a page: words, oauth2, v1, userProfile, FAQ, wp-login.php.
_NAME = re.compile(
    r"(?:[a-z]+|[A-Z]?[a-z]+(?:[A-Z][a-z]+)+|[A-Z][a-z]+|[A-Z]{2,5})[0-9]{0,2}"
    r"(?:[._~-]+[A-Za-z]?[a-z]+[0-9]{0,2})*"
)
_LONGEST_NAME = 40
_LONGEST_PATH = 200


def given_request_id(request_id: str | None, traceparent: str | None) -> str | None:
    """Return the id that the client or a proxy gave, where it is one: X-Request-Id, else a trace.

    Both come from outside, and may be anything.
    """
    if request_id and _REQUEST_ID.fullmatch(request_id):
        return request_id
    trace = _TRACE.fullmatch(traceparent) if traceparent else None
    return trace.group(1) if trace else None


def general_route(method: str, path: str) -> str:
    """Return a name for all pages whose paths differ only in numbers, ids and the like.

    A part that does not look like a word may be a token or somebody's address.
    """
    parts = [_general(part) for part in path[:_LONGEST_PATH].split("/")]
    return f"{method} {'/'.join(parts) or '/'}"


def _general(part: str) -> str:
    if _NUMBER.fullmatch(part):
        return "<n>"
    is_name = not part or (len(part) <= _LONGEST_NAME and _NAME.fullmatch(part))
    return part if is_name else "<id>"
