"""The style sheet of all charts, to be written once into a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def chart_css() -> str:
    """Return the rules of charts.css; they colour by variables that the page defines."""
    return (Path(__file__).parent / "charts.css").read_text(encoding="utf-8")
