"""What to record, and where to: a few values that children get through their environment."""

from __future__ import annotations

from typing import Mapping, NamedTuple

PREFIX = "DBTUNE_RECORD_"


class RecorderSettings(NamedTuple):
    """How a recording is made; `path` is absolute.

    `params` is True where values are recorded; else only their types and lengths, and literals
    in the text become `?`. `sample_rate` is of whole requests, `slow_ms` the least time of a
    statement that is written. At `max_mb` the file is put aside as `.1`, and `keep` such are
    left; with none nothing more is written. `values_key` is hexadecimal and random.
    """

    path: str
    params: bool = False
    sample_rate: float = 1.0
    slow_ms: float = 0.0
    max_mb: float | None = None
    keep: int = 0
    values_key: str = ""


def to_environment(settings: RecorderSettings) -> dict[str, str]:
    """Return the variables that tell a child how to record."""
    variables = {
        "PATH": settings.path,
        "PARAMS": "1" if settings.params else "",
        "SAMPLE_RATE": repr(settings.sample_rate),
        "SLOW_MS": repr(settings.slow_ms),
        "MAX_MB": "" if settings.max_mb is None else repr(settings.max_mb),
        "KEEP": str(settings.keep),
        "VALUES_KEY": settings.values_key,
    }
    return {PREFIX + name: value for name, value in variables.items()}


def from_environment(environ: Mapping[str, str]) -> RecorderSettings | None:
    """Return what `to_environment` wrote, None where no recording is asked for.

    Raises ValueError for a number that is none.
    """
    path = environ.get(PREFIX + "PATH")
    if not path:
        return None

    def read(name: str, default: str) -> str:
        return environ.get(PREFIX + name) or default

    max_mb = read("MAX_MB", "")
    return RecorderSettings(
        path=path,
        params=read("PARAMS", "") == "1",
        sample_rate=float(read("SAMPLE_RATE", "1")),
        slow_ms=float(read("SLOW_MS", "0")),
        max_mb=float(max_mb) if max_mb else None,
        keep=int(read("KEEP", "0")),
        values_key=read("VALUES_KEY", ""),
    )
