"""A statement on its way into the recording."""

from __future__ import annotations

from typing import Any


class Sent:
    """What is known of one statement; it is filled in while the statement runs.

    `started_ns` is since 1970, `duration_ns` that of one of `count` executions, `rows` those
    fetched or written. `chance` is the same for all statements of a request, from 0 to 1.
    """

    __slots__ = (
        "chance",
        "count",
        "duration_ns",
        "error",
        "file_path",
        "has_origin",
        "line_number",
        "namespace",
        "parameters",
        "relationship",
        "request_id",
        "route",
        "rows",
        "started_ns",
        "text",
        "transaction_id",
        "wait_ns",
    )

    def __init__(self, text: str, parameters: Any = None, started_ns: int = 0) -> None:
        self.text = text
        self.parameters = parameters
        self.started_ns = started_ns
        self.duration_ns = 0
        self.count = 1
        self.rows: int | None = None
        self.error: str | None = None
        self.wait_ns: int | None = None
        self.namespace: str | None = None
        self.transaction_id: str | None = None
        self.relationship: str | None = None
        self.file_path: str | None = None
        self.line_number: int | None = None
        self.request_id: str | None = None
        self.route: str | None = None
        self.chance: float | None = None
        self.has_origin = False
