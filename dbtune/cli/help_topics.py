"""What `dbtune help` can tell about: the pages of the documentation, and each finding of it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from dbtune.resources import PAGE_FOLDERS, pages

TITLES = {"how-to": "Guides", "reference": "Reference", "explanation": "Explanation"}
# Pages whose sections are findings, by the topics that they are.
FINDINGS = ("findings", "migration-findings")
# What a page is called whose own name is that of a command.
_SUFFIXES = {"how-to": "guide", "reference": "format", "explanation": "explained"}
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)\s]*)\)")
_SECTION = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True)
class Topic:
    """A page: what it is asked for as, its heading, its folder and file."""

    name: str
    title: str
    folder: str
    path: Path

    def text(self) -> str:
        """Return the page's Markdown without the generator's remark."""
        text = self.path.read_text(encoding="utf-8")
        return re.sub(r"\A<!--.*?-->\s*", "", text, flags=re.DOTALL)


def read_topics(commands: Collection[str]) -> tuple[Topic, ...]:
    """Return every page that ships; one that is called as a command is gets another name."""
    return tuple(
        _topic(path, folder, commands) for folder in PAGE_FOLDERS for path in pages(folder)
    )


def _topic(path: Path, folder: str, commands: Collection[str]) -> Topic:
    name = f"{path.stem}-{_SUFFIXES[folder]}" if path.stem in commands else path.stem
    heading = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return Topic(name, heading[1] if heading else name, folder, path)


def finding_sections(topics: Collection[Topic]) -> dict[str, str]:
    """Return the section of each finding, by its code."""
    return {
        section.partition("\n")[0]: f"## {section}"
        for topic in topics
        if topic.name in FINDINGS
        for section in _SECTION.split(topic.text())[1:]
    }


def without_links(text: str) -> str:
    """Return Markdown whose links to other pages are their words alone."""
    return _LINK.sub(r"\1", text)


def linked_topics(text: str, topics: Collection[Topic]) -> tuple[str, ...]:
    """Return the names of the pages that a text links to, in its order."""
    by_file = {topic.path.name: topic.name for topic in topics}
    files = (target.partition("#")[0].rpartition("/")[2] for _, target in _LINK.findall(text))
    return tuple(dict.fromkeys(by_file[file] for file in files if file in by_file))
