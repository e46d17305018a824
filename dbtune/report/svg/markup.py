"""Elements of SVG, named as images are, and written compactly."""

from __future__ import annotations

import re

import htpy as h

from dbtune.report.plain_text import one_line, shorten

svg = h.svg
g = h.Element("g")
defs = h.Element("defs")
rect = h.Element("rect")
line = h.Element("line")
path = h.Element("path")
use = h.Element("use")
text = h.Element("text")
tspan = h.Element("tspan")
title = h.title
desc = h.Element("desc")

# What a chart has on a screen of 360 px. Labels that do not collide here collide nowhere.
NARROWEST = 300
# Longer labels are cut: with a whole statement as its label, a row would fill the screen.
_LONGEST_LABEL = 160

# HTML reads <rect/> inside <svg> as XML does; the end tags of shapes would be a tenth of a chart.
# No text can hold the quote before it: htpy writes it as &#34;.
_EMPTY = re.compile(r'"></(?:rect|line|path|use)>')


def written(node: h.Renderable) -> str:
    """Return markup that is both HTML and XML."""
    return _EMPTY.sub('"/>', str(node))


def named(prefix: str, heading: str, summary: str) -> list[h.Element]:
    """Return the title and description of an `<svg>` that has `image_of(prefix)`."""
    return [
        title(id=f"{prefix}-t")[one_line(heading)],
        desc(id=f"{prefix}-d")[one_line(summary)],
    ]


def image_of(prefix: str) -> dict[str, str]:
    """Return the attributes of an `<svg>` that holds `named(prefix, ...)`."""
    return {"role": "img", "aria-labelledby": f"{prefix}-t {prefix}-d"}


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def percent(ratio: float) -> str:
    """Return a place across as a percentage with at most one decimal."""
    return f"{number(ratio * 100)}%"


def label(words: str) -> h.Element:
    """Return a label as HTML: it wraps, and what is cut from it is in its tooltip."""
    whole = one_line(words)
    short = shorten(whole, _LONGEST_LABEL)
    return h.span(".cl", title=None if short == whole else whole)[short]


def empty(what: str) -> str:
    """Return the line that stands where there is nothing to draw."""
    return written(h.p(".chart-note")[what])
