"""Addresses of pages: short digests, so that no address holds a path."""

from __future__ import annotations

import hashlib
import re

_DIGITS = 12
_ADDRESS = re.compile(rf"/(?P<kind>run|database)/(?P<id>[0-9a-f]{{{_DIGITS}}})")


def short_id(name: str) -> str:
    """Return what stands for a path in addresses."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:_DIGITS]


def read_address(path: str) -> tuple[str, str] | None:
    """Return the kind of a page, "index", "run" or "database", and its id; None for no page."""
    if path == "/":
        return "index", ""
    match = _ADDRESS.fullmatch(path)
    return None if match is None else (match["kind"], match["id"])
