"""Where a statement comes from: call site, request and relationship, looked up as it is sent."""

from __future__ import annotations

from .call_site import find_call_site
from .lazy_loads import take_relationship
from .requests import current_request
from .sent import Sent


def mark_origin(sent: Sent) -> None:
    """Fill in what only the sending frame and context know."""
    sent.has_origin = True
    call_site = find_call_site()
    if call_site is not None:
        sent.file_path, sent.line_number = call_site
    request = current_request()
    if request is not None:
        sent.request_id, sent.chance, sent.route = (
            request.request_id,
            request.chance,
            request.route(),
        )
    sent.relationship = take_relationship(sent.text)
