"""Draws docs/images/architecture.svg: which part of dbtune stands on which.

python docs/draw_architecture.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import htpy as h

from dbtune.report.svg.markup import desc, g, rect, svg, text, title, tspan, written

TARGET = Path(__file__).parent / "images" / "architecture.svg"

_WIDTH, _HEIGHT = 1000, 486
_TOP, _ROW, _GAP = 52, 72, 8
_NAME_Y, _LINE = 21, 14
_SAID = (
    "Each part may import what lies below it; parts side by side do not know each other. "
    "tests/test_layers.py holds them to it."
)
_STYLE = """
svg { font-family: system-ui, sans-serif; --page: #fff; --ink: #1b1f24; --muted: #57606a;
  --line: #8c959f; --outer: #ddf4ff; --inner: #f6f8fa; --report: #fff8c5; --ground: #eaeef2 }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --ink: #e6edf3; --muted: #9da7b3; --line: #6e7681; --outer: #0c2d4a;
    --inner: #161b22; --report: #362b06; --ground: #21262d }
}
.page { fill: var(--page) }
.box { stroke: var(--line) }
.outer { fill: var(--outer) } .inner { fill: var(--inner) }
.report { fill: var(--report) } .ground { fill: var(--ground) }
text { fill: var(--muted); font-size: 12px }
.name { fill: var(--ink); font-size: 14.5px; font-weight: 600 }
"""


@dataclass(frozen=True)
class Part:
    """A part of dbtune as a box: from row `row`, counted from the top, over so many `rows`."""

    name: str
    row: int
    left: int
    width: int
    look: str
    words: tuple[str, ...]
    rows: int = 1

    @property
    def below(self) -> int:
        """The first row beneath it."""
        return self.row + self.rows


PARTS = (
    Part("cli", 0, 20, 960, "outer", ("one thin file a command: all that prints, asks and exits",)),
    Part(
        "journeys", 1, 20, 552, "inner", ("one module a journey: a result out of the parts below",)
    ),
    Part("demo", 1, 580, 76, "inner", ("a slow", "platform", "to try it", "on"), rows=2),
    Part("dbtune", 1, 664, 116, "outer", ("imported by", "applications")),
    Part("web", 1, 788, 192, "outer", ("runs over time,", "on localhost")),
    Part("advisor", 2, 20, 104, "inner", ("which changes", "pay, measured")),
    Part("changes", 2, 132, 104, "inner", ("revisions up", "and down")),
    Part("postgres", 2, 244, 104, "inner", ("plan, copy,", "compare")),
    Part("benchmark", 2, 356, 104, "inner", ("load, and what", "got worse")),
    Part("monitor", 2, 468, 104, "inner", ("a running", "database")),
    Part("integrations", 2, 664, 116, "outer", ("SQLAlchemy,", "Flask, Django")),
    Part(
        "report",
        2,
        788,
        192,
        "report",
        (
            "any result, drawn:",
            "documents: JSON, CSV",
            "pages: svg, html, markdown",
            "terminal, checks, ddl",
            "wording: common to all",
        ),
        rows=2,
    ),
    Part("sqlite", 3, 20, 372, "inner", ("all that opens or copies a SQLite file",)),
    Part("workload", 3, 400, 380, "inner", ("recordings: statements, query shapes, requests",)),
    Part("config", 4, 20, 216, "ground", ("defaults from dbtune.toml",)),
    Part(
        "model",
        4,
        244,
        736,
        "report",
        ("frozen dataclasses: Schema, Workload, Report, QueryDigest, LoadReport, Page",),
    ),
    Part("recorder", 5, 20, 328, "outer", ("inside the application: standard library alone",)),
    Part("errors", 5, 356, 104, "ground", ("exit codes",)),
    Part("interrupts", 5, 468, 104, "ground", ("Ctrl-C",)),
    Part("resources", 5, 580, 120, "ground", ("SQL, Alembic",)),
    Part("similar_files", 5, 708, 132, "ground", ("for mistyped paths",)),
    Part("_version", 5, 848, 132, "ground", ()),
)


def render() -> str:
    """Return the drawing: the same bytes each time."""
    said = f"{_SAID} From the top: {', '.join(part.name for part in PARTS)}."
    drawing = svg(
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_labelledby="t d",
    )[
        title(id="t")["The parts of dbtune"],
        desc(id="d")[said],
        h.style[_STYLE],
        rect(".page", width=_WIDTH, height=_HEIGHT, rx=6),
        text(x=20, y=32)[_SAID],
        (_draw(part) for part in PARTS),
    ]
    return f"{written(drawing)}\n"


def _draw(part: Part) -> h.Element:
    top = _TOP + part.row * _ROW
    height = part.rows * _ROW - _GAP
    left = part.left + 10
    return g[
        rect(class_=f"box {part.look}", x=part.left, y=top, width=part.width, height=height, rx=4),
        text(".name", x=left, y=top + _NAME_Y)[part.name],
        text[
            (
                tspan(x=left, y=top + _NAME_Y + 4 + _LINE * number)[words]
                for number, words in enumerate(part.words, start=1)
            )
        ],
    ]


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
