"""Pictures of pages compared as one sees them from afar: what is there, and in which colour."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageChops, ImageStat

# Squares of so many pixels become one: letters blur to grey, a chart or a card does not.
_BLUR = 24
# Of 255, on average and at the worst place. Another system font moves lines by some pixels and
# stays below; a missing bar chart or a white panel in the dark does not.
_MEAN_LIMIT = 4.0


def shrunk(path: Path) -> Image.Image:
    """A picture with each square of `_BLUR` pixels as one."""
    with Image.open(path) as picture:
        size = (max(picture.width // _BLUR, 1), max(picture.height // _BLUR, 1))
        return picture.convert("RGB").resize(size, Image.Resampling.BOX)
