"""What a page of the platform is to the demo: a route, how often it comes, and what it sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtune.demo.visit import Visit


@dataclass(frozen=True)
class Page:
    """A page or job. `visits` are its requests in the recording.

    Where `summed` is above 0 the recorder has summed up: a line stands for up to so many runs, and
    has no request id. That is how pollers and counters come that run all day.
    """

    route: str
    visits: int
    play: Callable[[Visit], None]
    summed: int = 0
