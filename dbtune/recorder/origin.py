"""Where a statement comes from: call site, request and relationship, looked up as it is sent."""

from __future__ import annotations

from .call_site import find_call_site
from .lazy_loads import take_relationship, waiting_relationship
from .requests import current_request
from .sent import Sent


def mark_origin(sent: Sent, skipped: int = 1) -> None:
    """Fill in what only the sending frame and context know.

    So many frames of the recorder are passed over at once: this function's is the first.
    """
    sent.has_origin = True
    call_site = find_call_site(skipped + 1)
    if call_site is not None:
        sent.file_path, sent.line_number = call_site
    request = current_request()
    if request is not None:
        sent.request_id, sent.chance, sent.route = (
            request.request_id,
            request.chance,
            request.route(),
        )
    if waiting_relationship():
        sent.relationship = take_relationship(sent.text)
