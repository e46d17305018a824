"""How wide a text is drawn, by estimate: no font is at hand where a report is written."""

from __future__ import annotations

from dbtune.report.plain_text import display_width, shorten

# A column as a terminal counts it, in px: system fonts draw 12 px text 6.2 px a letter on average
# and capitals at 7.5; fixed-width ones draw 7.3 px.
_SANS = 6.9
CODE = 7.3


def text_width(words: str, column: float = _SANS) -> float:
    """Return the px that harmless text takes at 12 px; wide characters take two columns."""
    return display_width(words) * column


def fit_text(words: str, width: float, column: float = _SANS) -> str:
    """Return harmless text in at most `width` px, ending in ... where it was cut."""
    return shorten(words, max(int(width / column + 1e-6), 4))
