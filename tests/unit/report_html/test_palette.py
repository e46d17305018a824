"""The colours of a report: readable by everyone, light and dark."""

from __future__ import annotations

import re

import pytest

from dbtune.report.html.assets import stylesheet

TEXT = ("ink", "muted", "accent", "good", "bad", "warning")
DRAWN = ("before", "after", *(f"series-{number}" for number in range(1, 7)))


def palette(scheme: str) -> dict[str, str]:
    """The variables of a scheme; dark takes over from light."""
    light, dark = re.findall(r":root \{(.*?)\}", stylesheet(), re.DOTALL)[:2]
    blocks = light if scheme == "light" else light + dark
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks))


def luminance(color: str) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(scheme: str) -> None:
    """4.5 for letters, also on the page itself; 3 for what is drawn (WCAG 2.2, AA)."""
    colors = palette(scheme)
    for ground in ("page", "panel"):
        assert [name for name in TEXT if contrast(colors[name], colors[ground]) < 4.5] == []
        assert [name for name in DRAWN if contrast(colors[name], colors[ground]) < 3] == []


def test_every_variable_that_is_used_is_defined() -> None:
    """In charts too; what a scheme lacks would be drawn in black."""
    used = set(re.findall(r"var\(--([\w-]+)\)", stylesheet()))
    defined = set(re.findall(r"^\s*--([\w-]+):", stylesheet(), re.MULTILINE)) | {"tone"}
    assert used - defined == set()
