"""Visitors of examples/platform over HTTP, for locust; run.py starts it.

PLATFORM_SIZES is what the application's front page tells, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count
from pathlib import Path

from locust import FastHttpUser, constant, task

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "platform"))

from visitors import visits

SIZES = json.loads(os.environ["PLATFORM_SIZES"])
# What takes longer counts as failed: nobody waits for it.
TIMEOUT_SECONDS = 10.0
_numbers = count()


class Visitor(FastHttpUser):
    """Asks for a page as soon as the last one is there."""

    wait_time = constant(0)
    connection_timeout = TIMEOUT_SECONDS
    network_timeout = TIMEOUT_SECONDS

    def on_start(self) -> None:
        """Decide what this visitor will ask for."""
        self.visits = visits(SIZES, seed=f"visitor {next(_numbers)}")

    @task
    def visit(self) -> None:
        """Ask for the next page."""
        wanted = next(self.visits)
        method = "GET" if wanted.body is None else "POST"
        self.client.request(method, wanted.path, name=f"{method} {wanted.page}", json=wanted.body)
