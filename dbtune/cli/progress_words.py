"""How far a stage of the work is, in words."""

from __future__ import annotations

from dbtune.model.event import Event


def how_far(event: Event, elapsed_s: float) -> str:
    """Return `40 %, about 12 s left`, or `at most 50 s left`, or nothing where nobody knows.

    `elapsed_s` counts from where the stage began, as does what the event says at most.
    """
    if event.done is None or not event.total:
        return at_most(event, elapsed_s)
    ratio = min(event.done / event.total, 1.0)
    left_s = elapsed_s / ratio - elapsed_s if ratio else 0.0
    left = f", about {seconds_text(left_s)} left" if left_s >= 0.5 else ""
    return f"{ratio * 100:.0f} %{left}"


def at_most(event: Event, elapsed_s: float = 0.0) -> str:
    """Return `at most 50 s left` where a limit says so and is not over yet, else nothing."""
    left_s = (event.most_seconds or 0.0) - elapsed_s
    return f"at most {seconds_text(left_s)} left" if left_s >= 0.5 else ""


def seconds_text(seconds: float) -> str:
    """Return a time as it is read while one waits: 3 s, 2 min 5 s, 1 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def stage_name(stage: str) -> str:
    """Return what a stage is called on the screen: it begins a line."""
    return stage[:1].upper() + stage[1:]
