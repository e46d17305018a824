"""Options that take a time: "60s", "15m", or a moment in ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import click

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?\s*", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.4+
    """A time span such as 500ms, 60s, 15m, 2h or 1d; a bare number is seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds, above 0."""
        if isinstance(value, float):
            return value
        seconds = _seconds(str(value))
        if seconds is None or seconds <= 0:
            self.fail(f'"{value}" is no time span; give one such as 60s, 15m or 2h', param, ctx)
        return seconds


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.4+
    """A moment in ISO 8601, in UTC where it has no offset, or how long ago: 15m."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds since 1970."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        ago = _seconds(text)
        if ago is not None:
            return datetime.now(timezone.utc).timestamp() - ago
        try:
            # Python 3.10 reads no Z.
            moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
            return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
        except (ValueError, OverflowError):
            self.fail(
                f'"{value}" is no moment; give one such as 2026-01-31T12:00:00Z, or 15m for the '
                "last 15 minutes",
                param,
                ctx,
            )


def _seconds(text: str) -> float | None:
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    return float(match[1]) * _SECONDS[match[2]]
