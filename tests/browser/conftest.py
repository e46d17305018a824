"""A headless Chromium, and pages opened in it from disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Opened:
    """A page in the browser, and what the browser said of it and asked for since it was opened."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


OpenReport = Callable[..., Opened]


# A module at a time: the driver's event loop runs meanwhile, and other tests need their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; tests skip where none is installed."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("no Chromium here: make browser installs it, or says how")
    # Root may not have Chromium's sandbox, and containers often have a tiny /dev/shm.
    arguments = ["--disable-dev-shm-usage", "--font-render-hinting=none"]
    arguments += ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[OpenReport]:
    """Return a function that opens HTML from a file, offline, and notes what happens."""
    contexts = []

    def open_html(
        html: str,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        script: bool = True,
        anchor: str = "",
    ) -> Opened:
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",
            offline=True,
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.messages.append(message.text))
        opened.page.on("pageerror", lambda error: opened.messages.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri() + (anchor and f"#{anchor}"))
        return opened

    yield open_html
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The source of axe-core; tests skip where npm has not installed it."""
    if not _AXE.exists():
        pytest.skip("no axe-core here: make browser installs it with npm")
    return _AXE.read_text(encoding="utf-8")
