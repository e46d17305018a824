"""A result as it is drawn: sections of blocks, the same for every form that pages come in.

Texts are as people read them, units included. Beside a text that is a number stands its value, for
charts and for sorting. Nothing here is escaped: what draws a page makes all texts harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a thing says of the state of a database: it never stands alone, but beside words.
Tone = Literal["good", "bad", "warning", "neutral"]

# What a step of a plan does. "search": finds rows by a key; "scan": reads all; "sort": a temporary
# b-tree; "group": what holds other steps, such as a subquery or an arm of an OR.
StepKind = Literal["search", "scan", "sort", "group", "other"]


@dataclass(frozen=True)
class Text:
    """Paragraphs of prose."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Bullets:
    """Short texts of equal standing."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """Something known by name, such as ("Journal mode", "delete", "readers wait for writers")."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Facts:
    """Facts in a list of names and values."""

    items: tuple[Fact, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table. "code" is SQL or a name, "number" is aligned by its end."""

    title: str
    kind: Literal["text", "number", "code"] = "text"


@dataclass(frozen=True)
class Cell:
    """What stands in a table's cell. `anchor` is the id of what it leads to on the same page.

    `value` is what a table is sorted by where the text does not sort itself, such as 0.9 for
    "900 us" beside "1.2 ms", in one unit a column. `href` leads to another page, and is relative
    and made of a-z, 0-9, dashes and slashes; a page that is a file by itself has none.
    """

    text: str
    anchor: str | None = None
    tone: Tone = "neutral"
    value: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class Table:
    """A table; each row has as many cells as there are columns, the first of which names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Code:
    """Text as it is typed: a statement, a command, lines of a program."""

    text: str
    language: Literal["sql", "shell", "text"] = "sql"


@dataclass(frozen=True)
class Command:
    """A command or statement to copy, and what for; `undo` takes it back."""

    purpose: str
    text: str
    undo: str = ""
    language: Literal["sql", "shell"] = "shell"


@dataclass(frozen=True)
class Commands:
    """Commands to run next, in their order."""

    items: tuple[Command, ...]


@dataclass(frozen=True)
class FindingCard:
    """One finding. `call_site` is the line of the application behind it, such as app.py:12.

    `language` is that of `command`.
    """

    anchor: str
    code: str
    severity: Literal["high", "medium", "low", "info"]
    subject: str
    message: str
    evidence: tuple[Fact, ...] = ()
    help: str = ""
    command: str = ""
    call_site: str = ""
    language: Literal["sql", "shell"] = "shell"


@dataclass(frozen=True)
class FindingList:
    """Findings, to be filtered by severity and code."""

    items: tuple[FindingCard, ...]


@dataclass(frozen=True)
class Bar:
    """One thing measured before and after; `after` is None where there is one value only.

    `text_before` and `text_after` are the values in words, `note` what changed, such as "61x".
    """

    label: str
    before: float
    text_before: str
    after: float | None = None
    text_after: str = ""
    note: str = ""
    anchor: str | None = None


@dataclass(frozen=True)
class BarChart:
    """Values side by side. `summary` says what one sees, for who does not see it."""

    title: str
    summary: str
    unit: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Share:
    """A part of a whole, from 0 to 1; the last of a chart may be all that is not named."""

    label: str
    ratio: float
    text: str
    anchor: str | None = None


@dataclass(frozen=True)
class ShareChart:
    """The parts of one whole, the largest first."""

    title: str
    summary: str
    parts: tuple[Share, ...]


@dataclass(frozen=True)
class Bin:
    """So many of what lies from one bound up to the next; bounds are in words."""

    from_text: str
    below_text: str
    count: float


@dataclass(frozen=True)
class Marker:
    """A place in a histogram: within bin `place` (from 0), at `fraction` of its width."""

    label: str
    text: str
    place: int
    fraction: float


@dataclass(frozen=True)
class Histogram:
    """How many there are of each size; bins lie side by side without a gap."""

    title: str
    summary: str
    bins: tuple[Bin, ...]
    markers: tuple[Marker, ...] = ()


@dataclass(frozen=True)
class Point:
    """One point of a curve, with its value in words.

    `x_text` is what stands on the axis below it where x alone would say nothing, as with a date.
    """

    x: float
    y: float
    text: str
    x_text: str = ""


@dataclass(frozen=True)
class Series:
    """One curve, its points from left to right."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class LineChart:
    """Curves over one axis, such as requests a second over the number of clients.

    `scale` is of the y axis; y starts at zero where it is linear.
    """

    title: str
    summary: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    scale: Literal["linear", "log"] = "linear"


@dataclass(frozen=True)
class PlanStep:
    """A step of a plan, with those it consists of."""

    kind: StepKind
    text: str
    steps: tuple[PlanStep, ...] = ()


@dataclass(frozen=True)
class PlanTree:
    """How a statement is answered before and after; no `after` where nothing changed."""

    title: str
    summary: str
    before: tuple[PlanStep, ...]
    after: tuple[PlanStep, ...] = ()


@dataclass(frozen=True)
class MapIndex:
    """An index on the map: its keys as SQL, and whether it is there, comes or goes."""

    name: str
    keys: str
    state: Literal["existing", "new", "dropped"] = "existing"


@dataclass(frozen=True)
class MapTable:
    """A table on the map; `rows` in words, such as "62,000 rows"."""

    name: str
    rows: str
    indexes: tuple[MapIndex, ...] = ()


@dataclass(frozen=True)
class MapLink:
    """A foreign key on the map, by the names of its tables; `indexed` if its columns are."""

    child: str
    parent: str
    columns: str
    indexed: bool


@dataclass(frozen=True)
class SchemaMap:
    """Tables, their foreign keys and where indexes go."""

    title: str
    summary: str
    tables: tuple[MapTable, ...]
    links: tuple[MapLink, ...] = ()


@dataclass(frozen=True)
class Details:
    """Blocks behind a line that one opens. `anchor` is its id on the page, or ""."""

    title: str
    blocks: tuple[Block, ...]
    anchor: str = ""


Block = (
    Text
    | Bullets
    | Facts
    | Table
    | Code
    | Commands
    | FindingList
    | BarChart
    | ShareChart
    | Histogram
    | LineChart
    | PlanTree
    | SchemaMap
    | Details
)


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; `anchor` is its id on the page, letters, digits and dashes.

    `group` is what neighbouring sections belong to together, such as a run among several.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    group: str = ""


@dataclass(frozen=True)
class Action:
    """One of the first things to do: what it is, and the command where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True)
class Link:
    """Where another page is; `href` as in a Cell."""

    text: str
    href: str


@dataclass(frozen=True)
class Page:
    """A whole report. The verdict and at most three actions come before everything else.

    `verdict` is a sentence or two, `tone` what it amounts to, `figures` the few numbers behind it.
    `footer` says of what, by what and when it was made. `trail` leads to the pages above this one,
    the uppermost first. `label` is what a page is called among others, such as its run's file.
    """

    title: str
    verdict: str
    tone: Tone
    figures: tuple[Fact, ...]
    actions: tuple[Action, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...]
    trail: tuple[Link, ...] = ()
    label: str = ""
