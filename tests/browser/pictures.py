"""Pictures of a report, kept and compared part by part.

Part by part, as another font moves all that follows it; shrunk, as it draws other letters. How
much is drawn in colour is compared beside it: a chart is coloured and letters hardly are, so that
a chart that is missing is told from letters that differ.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageStat
from PIL.PngImagePlugin import PngImageFile, PngInfo
from playwright.sync_api import Page

# What is compared: the verdict, the contents, and each block of each section.
_PARTS = "header, nav, #sections > section > :not(.beside), .beside > *, footer"
# Squares of so many pixels become one.
_SQUARE = 12
# By so much another font makes a part taller or less tall.
_HEIGHT_RATIO = 0.4
# Of 255. Another font comes to 21; a panel that is white in the dark to 90 and more.
_LIMIT = 30.0
# A channel beyond the others by this much, of 255, makes a pixel a coloured one.
_COLOURED_FROM = 40
# Fewer coloured pixels are those of a word; of more, about as many have to be there.
_FEW_COLOURED = 250
_COLOURED_RATIO = 0.45
_PARTS_KEY = "parts"


@dataclass(frozen=True)
class Part:
    """A part of a page: its left, top, right and bottom, and how many pixels are coloured."""

    box: tuple[int, int, int, int]
    coloured: int

    @property
    def height(self) -> int:
        """How many pixels it is high."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Picture:
    """A picture of a whole page, and its parts."""

    image: Image.Image
    parts: tuple[Part, ...]


def take_picture(page: Page) -> Picture:
    """Return a picture of a page as it stands."""
    boxes = page.eval_on_selector_all(
        _PARTS,
        """(parts) => parts.map((part) => {
            const box = part.getBoundingClientRect();
            const top = box.top + scrollY;
            return [box.left, top, box.right, top + box.height].map(Math.round);
        })""",
    )
    image = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    parts = (Part(tuple(box), coloured_pixels(image.crop(tuple(box)))) for box in boxes)
    return Picture(image, tuple(parts))


def write_picture(picture: Picture, path: Path) -> None:
    """Write a picture in few colours; its parts, counted in all colours, stand in it as text."""
    info = PngInfo()
    info.add_text(_PARTS_KEY, json.dumps([(part.box, part.coloured) for part in picture.parts]))
    picture.image.quantize(48).save(path, optimize=True, pnginfo=info)


def read_picture(path: Path) -> Picture:
    """Return what `write_picture` wrote."""
    with Image.open(path) as image:
        assert isinstance(image, PngImageFile)
        parts = json.loads(image.text[_PARTS_KEY])
        return Picture(image.convert("RGB"), tuple(Part(tuple(box), count) for box, count in parts))


def differences(expected: Picture, actual: Picture) -> list[str]:
    """Return what one would see to differ, part by part."""
    if len(expected.parts) != len(actual.parts):
        return [f"{len(actual.parts)} parts instead of {len(expected.parts)}"]
    found = []
    for number, (before, after) in enumerate(zip(expected.parts, actual.parts, strict=True)):
        where = f"part {number} at {after.box}"
        if abs(after.height - before.height) > max(_HEIGHT_RATIO * before.height, 30):
            found.append(f"{where} is {after.height} px high instead of {before.height}")
            continue
        value = distance(expected.image.crop(before.box), actual.image.crop(after.box))
        if value > _LIMIT:
            found.append(f"{where} differs by {value:.0f} of 255")
        if is_colour_lost(before.coloured, after.coloured):
            found.append(f"{where}: {after.coloured} pixels coloured, not {before.coloured}")
    return found


def distance(expected: Image.Image, actual: Image.Image) -> float:
    """Return how far two pictures are apart on average, of 255, once letters have blurred."""
    size = (max(expected.width // _SQUARE, 1), max(expected.height // _SQUARE, 1))
    before, after = (image.resize(size, Image.Resampling.BOX) for image in (expected, actual))
    return max(ImageStat.Stat(ImageChops.difference(before, after)).mean)


def coloured_pixels(image: Image.Image) -> int:
    """Return how many pixels are not about grey."""
    red, green, blue = image.split()
    highest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    lowest = ImageChops.darker(ImageChops.darker(red, green), blue)
    return sum(ImageChops.subtract(highest, lowest).histogram()[_COLOURED_FROM:])


def is_colour_lost(expected: int, actual: int) -> bool:
    """Return whether much less, or much more, is coloured than should be."""
    few, many = sorted((expected, actual))
    return many > _FEW_COLOURED and few < many * (1 - _COLOURED_RATIO)
