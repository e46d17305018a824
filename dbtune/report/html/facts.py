"""Prose, lists, and facts as names and values."""

from __future__ import annotations

from collections.abc import Iterable

import htpy as h

from dbtune.model.page import Bullets, Fact, Facts, Text
from dbtune.report.html.text import show, show_figures


def draw_text(text: Text) -> h.Fragment:
    """Return paragraphs."""
    return h.fragment[(h.p[show_figures(paragraph)] for paragraph in text.paragraphs)]


def draw_bullets(bullets: Bullets) -> h.Element:
    """Return an unordered list."""
    return h.ul[(h.li[show_figures(item)] for item in bullets.items)]


def draw_facts(facts: Facts) -> h.Element:
    """Return facts line by line."""
    return draw_fact_list(facts.items, "facts")


def draw_fact_list(facts: Iterable[Fact], look: str) -> h.Element:
    """Return facts as a description list; `look` is its class in the stylesheet."""
    return h.dl(class_=look)[(_draw_fact(fact) for fact in facts)]


def _draw_fact(fact: Fact) -> h.Element:
    return h.div(class_=None if fact.tone == "neutral" else fact.tone)[
        h.dt[show(fact.label)],
        h.dd[
            h.span(".value")[show_figures(fact.value)],
            fact.note and h.span(".note")[show_figures(fact.note)],
        ],
    ]
