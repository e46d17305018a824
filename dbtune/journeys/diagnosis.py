"""One line of what `dbtune doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "failed"]


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at. Only "failed" means that dbtune cannot do its work here."""

    topic: str
    name: str
    value: str
    state: State = "ok"
    advice: str = ""
