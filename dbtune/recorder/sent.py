"""A statement on its way into the recording."""

from __future__ import annotations

import sqlite3
from typing import Any


class Sent:
    """What is known of one statement; it is filled in while the statement runs.

    `started_ns` is since 1970, `duration_ns` that of one of `count` executions, `rows` those
    fetched or written. `transaction_id` has letters, digits and `-` only. `chance` is the same for
    all statements of a request, from 0 to 1. `sender` is the one that the connection is of, where
    somebody listens to that alone.
    """

    # Most stay as they are: a statement then takes half the time to make that slots would.
    count = 1
    rows: int | None = None
    error: str | None = None
    wait_ns: int | None = None
    namespace: str | None = None
    transaction_id: str | None = None
    relationship: str | None = None
    file_path: str | None = None
    line_number: int | None = None
    request_id: str | None = None
    route: str | None = None
    chance: float | None = None
    sender: object = None
    has_origin = False

    def __init__(self, text: str, parameters: Any = None, started_ns: int = 0) -> None:
        self.text = text
        self.parameters = parameters
        self.started_ns = started_ns
        self.duration_ns = 0

    def fail(self, failure: BaseException) -> None:
        """Note why it failed.

        Messages of others than SQLite come from the application's own functions and types, and may
        hold anything.
        """
        is_from_sqlite = isinstance(failure, sqlite3.Error)
        self.error = str(failure) if is_from_sqlite else type(failure).__name__
