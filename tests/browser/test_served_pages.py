"""The pages of `dbtune serve` in a browser: quiet, narrow enough, and open to everyone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from dbtune.report.documents.to_json import to_json
from tests.browser.accessibility import LOOKS, violations
from tests.browser.conftest import Opened
from tests.fixtures.serving import Served, serving
from tests.reports import APPLIED, FULL

WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of two runs of one database."""
    folder = tmp_path_factory.mktemp("runs")
    for name, report in (("before", FULL), ("applied", APPLIED)):
        (folder / f"{name}.json").write_text(to_json(report), encoding="utf-8")
    with serving(cwd=folder) as found:
        yield found


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Opened]:
    """Its first page in a browser."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(60_000)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.messages.append(message.text))
        found.page.on("pageerror", lambda error: found.messages.append(str(error)))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(served.url)
        yield found


def test_one_goes_from_all_databases_to_a_run_and_back(
    opened: Opened, served: Served, axe_source: str
) -> None:
    """Each page is quiet, asks nobody else, has no barrier for axe, and fits a telephone."""
    page = opened.page
    _check(opened, axe_source)
    page.locator("td a, th a").first.click()
    page.wait_for_url("**/database/*")
    _check(opened, axe_source)
    page.locator("td a, th a").first.click()
    page.wait_for_url("**/run/*")
    _check(opened, axe_source)
    page.locator(".trail a").first.click()
    page.wait_for_url(served.url)
    assert {urlsplit(url).netloc for url in opened.requests} == {urlsplit(served.url).netloc}
    # A browser asks for the icon of a site by itself, or not.
    pages = {urlsplit(url).path for url in opened.requests} - {"/favicon.ico"}
    assert len(pages) == 3


def _check(opened: Opened, axe_source: str) -> None:
    page = opened.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    assert violations(opened, axe_source) == []
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    assert violations(opened, axe_source, *LOOKS) == []
    assert page.evaluate(WIDTH) <= 360
    assert opened.messages == []
