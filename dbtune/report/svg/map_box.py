"""What stands in the box of a table on the schema map, line by line, and how large it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.model.page import MapIndex, MapLink, MapTable
from dbtune.report.plain_text import one_line
from dbtune.report.svg.text_fit import CODE, fit_text, text_width

LINE = 17.0
PADDING = 8.0
HEADER = 24.0
_NARROWEST_BOX = 120.0
_WIDEST_BOX = 290.0
# A name cut to less px says nothing: the keys that follow take its place.
_LEAST_NAME = 90.0
_SIGNS = {"existing": "", "new": "+ ", "dropped": "\u2212 "}
_LOOKS = {"existing": "", "new": "mn", "dropped": "md"}


@dataclass(frozen=True)
class BoxLine:
    """A line of a box: a sign, a name, and what is said of it, which is cut last.

    `whole` is what a line says that had to be cut, else "".
    """

    sign: str
    name: str
    rest: str
    look: str
    link: MapLink | None = None
    whole: str = ""


@dataclass(frozen=True)
class Box:
    """A table with its foreign keys and indexes as lines below its name, and its size in px."""

    name: str
    lines: tuple[BoxLine, ...]
    width: float

    @property
    def height(self) -> float:
        """The px from top to bottom."""
        return HEADER + len(self.lines) * LINE + PADDING

    def line_height(self, link: MapLink) -> float:
        """Return how far below its top the middle of a link's line is."""
        rank = next(rank for rank, each in enumerate(self.lines) if each.link is link)
        return HEADER + (rank + 0.5) * LINE


def box_of(table: MapTable, links: tuple[MapLink, ...]) -> Box:
    """Return the box of a table; `links` are its own foreign keys."""
    name = one_line(table.name)
    rows = one_line(table.rows)
    lines = [BoxLine("", rows, "", "mr")] if rows else []
    lines += [_link_line(link) for link in links]
    lines += [_index_line(index) for index in table.indexes]
    widest = max([text_width(name, CODE + 0.7), *(_width(each) for each in lines)])
    width = min(max(widest + 2 * PADDING, _NARROWEST_BOX), _WIDEST_BOX)
    room = width - 2 * PADDING
    return Box(name, tuple(_fit(each, room) for each in lines), width)


def _link_line(link: MapLink) -> BoxLine:
    words = f"{one_line(link.columns)} \u2192 {one_line(link.parent)}"
    if link.indexed:
        return BoxLine("", words, "", "mk", link)
    return BoxLine("", words, ", no index", "mw", link)


def _index_line(index: MapIndex) -> BoxLine:
    keys = one_line(index.keys)
    rest = f" ({keys})" if keys else ""
    return BoxLine(_SIGNS[index.state], one_line(index.name), rest, _LOOKS[index.state])


def _width(line: BoxLine) -> float:
    return text_width(line.sign + line.name + line.rest, CODE)


def _fit(line: BoxLine, room: float) -> BoxLine:
    """Return a line cut to the room: its name first, which repeats the keys of an index."""
    if _width(line) <= room + 0.1:
        return line
    room -= text_width(line.sign, CODE)
    name_room = room - text_width(line.rest, CODE)
    whole = line.name + line.rest
    if name_room >= _LEAST_NAME:
        return replace(line, name=fit_text(line.name, name_room, CODE), whole=whole)
    return replace(line, name="", rest=fit_text(line.rest.strip(), room, CODE), whole=whole)
