"""Findings as cards, filtered by severity and code without a script and sorted with one."""

from __future__ import annotations

from collections import Counter

import htpy as h

from dbtune.model.page import FindingCard, FindingList
from dbtune.report.anchors import checked_anchor
from dbtune.report.html.commands import draw_command
from dbtune.report.html.facts import draw_fact_list
from dbtune.report.html.text import show

_SEVERITIES = ("high", "medium", "low", "info")
# Fewer are seen at a glance.
_FILTERED_FROM = 4
# With more, what each is about comes first, and its evidence on demand.
_OPEN_UP_TO = 8
# Among others a line each, so that what matters less pushes nothing down.
_BRIEF = ("low", "info")


def draw_findings(findings: FindingList, place: str) -> h.Element:
    """Return a list of findings; those that a filter hides are hidden by `filter_rules`."""
    codes = codes_of(findings)
    many = len(findings.items) >= _FILTERED_FROM
    is_open = len(findings.items) <= _OPEN_UP_TO
    drawn = (
        (_draw_line if many and card.severity in _BRIEF else _draw_card)(
            card, codes.index(card.code), is_open=is_open
        )
        for card in findings.items
    )
    return h.div(".findings")[many and _draw_filter(findings, codes, place), h.div(".cards")[drawn]]


def codes_of(findings: FindingList) -> tuple[str, ...]:
    """Return each code once, in the order that the filter offers them."""
    return tuple(sorted({card.code for card in findings.items}))


def filter_rules(code_count: int) -> str:
    """Return CSS by which a choice hides cards; codes go by number, as theirs is not our text."""
    choices = [f"s-{severity}" for severity in _SEVERITIES]
    choices += [f"k-{number}" for number in range(code_count)]
    return "".join(
        f".findings:has(.by-{choice}:checked) .card:not(.{choice}){{display:none}}\n"
        for choice in choices
    )


def _draw_filter(findings: FindingList, codes: tuple[str, ...], place: str) -> h.Element:
    severities = Counter[str](card.severity for card in findings.items)
    present = [severity for severity in _SEVERITIES if severity in severities]
    return h.div(".filter", role="group", aria_label="Filter of the findings")[
        h.fieldset[
            h.legend["Severity"],
            _draw_choice(place, "all", f"all {len(findings.items)}", checked=True),
            (_draw_choice(place, word, f"{word} {severities[word]}") for word in present),
        ],
        len(codes) > 1 and _draw_codes(findings, codes, place),
    ]


def _draw_choice(place: str, severity: str, words: str, *, checked: bool = False) -> h.Element:
    return h.label[
        h.input(
            class_=f"by-s-{severity}",
            type="radio",
            name=f"{place}-severity",
            value=severity,
            checked=checked,
        ),
        h.span[words],
    ]


def _draw_codes(findings: FindingList, codes: tuple[str, ...], place: str) -> h.Element:
    counts = Counter(card.code for card in findings.items)
    return h.label[
        h.span["Kind"],
        h.select(name=f"{place}-code")[
            h.option(value="", selected=True)[f"all {len(codes)} kinds"],
            (
                h.option(class_=f"by-k-{number}", value=str(number))[
                    f"{show(code)} ({counts[code]})"
                ]
                for number, code in enumerate(codes)
            ),
        ],
    ]


def _draw_card(card: FindingCard, code_number: int, *, is_open: bool) -> h.Element:
    return h.article(
        f"#{checked_anchor(card.anchor)}",
        class_=f"card s-{card.severity} k-{code_number}",
    )[
        _draw_heading(card),
        h.p(".code")[_draw_code(card)],
        h.p[show(card.message)],
        _draw_rest(card, is_open=is_open),
    ]


def _draw_line(card: FindingCard, code_number: int, *, is_open: bool) -> h.Element:
    return h.article(
        f"#{checked_anchor(card.anchor)}",
        class_=f"card brief s-{card.severity} k-{code_number}",
    )[
        h.details(open=is_open)[
            h.summary[_draw_heading(card), h.span(".code")[_draw_code(card)]],
            h.p[show(card.message)],
            _draw_remedy(card),
        ]
    ]


def _draw_heading(card: FindingCard) -> h.Element:
    return h.h3[
        h.span(".severity")[card.severity],
        " ",
        h.span(".subject")[show(card.subject)],
    ]


def _draw_code(card: FindingCard) -> list[h.Node]:
    return [show(card.code), card.call_site and [" at ", h.code[show(card.call_site)]]]


def _draw_rest(card: FindingCard, *, is_open: bool) -> h.Element | None:
    if not (card.evidence or card.help or card.command):
        return None
    return h.details(open=is_open)[
        h.summary["Evidence and remedy" if card.evidence else "Remedy"], _draw_remedy(card)
    ]


def _draw_remedy(card: FindingCard) -> list[h.Node]:
    return [
        draw_fact_list(card.evidence, "evidence") if card.evidence else None,
        card.help and h.p(".help")[show(card.help)],
        # SQL or a command: what it is can be seen.
        card.command and draw_command(card.command, "text"),
    ]
