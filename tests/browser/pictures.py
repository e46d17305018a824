"""Pictures of a report, kept and compared part by part.

Part by part, as another font moves all that follows it; shrunk, as it draws other letters. How much
is drawn in colour is compared beside it: a chart is coloured and letters hardly are, so that a chart
that is missing is told from letters that differ.
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
_PARTS = "header, nav, #sections > section > *, footer"
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
_BOXES = "boxes"


@dataclass(frozen=True)
class Picture:
    """A picture of a whole page, and the boxes of its parts: left, top, right, bottom."""

    image: Image.Image
    boxes: tuple[tuple[int, int, int, int], ...]


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
    return Picture(image, tuple((left, top, right, bottom) for left, top, right, bottom in boxes))


def write_picture(picture: Picture, path: Path) -> None:
    """Write a picture in few colours, with its boxes in it."""
    info = PngInfo()
    info.add_text(_BOXES, json.dumps(picture.boxes))
    picture.image.quantize(48).save(path, optimize=True, pnginfo=info)


def read_picture(path: Path) -> Picture:
    """Return what `write_picture` wrote."""
    with Image.open(path) as image:
        assert isinstance(image, PngImageFile)
        boxes = json.loads(image.text[_BOXES])
        return Picture(image.convert("RGB"), tuple(tuple(box) for box in boxes))


def differences(expected: Picture, actual: Picture) -> list[str]:
    """Return what one would see to differ, part by part."""
    if len(expected.boxes) != len(actual.boxes):
        return [f"{len(actual.boxes)} parts instead of {len(expected.boxes)}"]
    found = []
    for number, (before, after) in enumerate(zip(expected.boxes, actual.boxes, strict=True)):
        heights = before[3] - before[1], after[3] - after[1]
        if abs(heights[1] - heights[0]) > max(_HEIGHT_RATIO * heights[0], 30):
            found.append(f"part {number} is {heights[1]} px high instead of {heights[0]}")
            continue
        pictures = expected.image.crop(before), actual.image.crop(after)
        if distance(*pictures) > _LIMIT:
            found.append(f"part {number} at {after} differs by {distance(*pictures):.0f} of 255")
        if is_colour_lost(*map(coloured_pixels, pictures)):
            counts = " instead of ".join(str(coloured_pixels(one)) for one in reversed(pictures))
            found.append(f"part {number} at {after} has {counts} coloured pixels")
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
