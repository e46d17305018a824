"""The site of the documents builds without a warning, and asks nothing of the world."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.documents import PAGES, ROOT

# What a browser fetches by itself, by the attribute that names it; links wait for the reader.
_FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src")}


class _Fetches(HTMLParser):
    """Collects the addresses that a page makes a browser ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if (tag, name) in _FETCHED]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "sphinx", "-M", "html", str(ROOT), str(folder))
    strict = ("--fail-on-warning", "--keep-going", "--nitpicky", "--quiet")
    built = subprocess.run(
        [*command, "-c", str(ROOT / "docs"), *strict], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


def test_every_page_is_in_the_site(site: Path) -> None:
    """Sphinx itself warns of dead links, of anchors that are not there, and of pages in no list."""
    pages = [page.relative_to(ROOT) for page in PAGES]
    missing = [page for page in pages if not (site / page).with_suffix(".html").is_file()]
    assert not missing


def test_the_folder_opens_on_the_first_page(site: Path) -> None:
    """Which lies deeper in it, since links to what is beside docs/ are to work."""
    door = (site / "index.html").read_text(encoding="utf-8")
    pages = set(re.findall(r'(?:url=|href=")([\w/.]+)"', door))
    assert pages == {"docs/index.html"} and (site / "docs" / "index.html").is_file()


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """The pages can be read without a network, and tell nobody who reads them."""
    fetched = []
    for page in site.rglob("*.html"):
        parser = _Fetches()
        parser.feed(page.read_text(encoding="utf-8"))
        fetched += [(page.name, address) for address in parser.addresses]
    assert fetched
    assert not [(page, address) for page, address in fetched if ":" in address or "//" in address]
    sheets = [sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css")]
    assert not [sheet for sheet in sheets if "url(http" in sheet or "@import" in sheet]
