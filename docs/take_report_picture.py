"""Takes docs/images/report.png: the top of a page of results, for the README.

python docs/take_report_picture.py demo/before.json demo/load.json

`make demo` writes those results. It needs Chromium (`make browser`) and what tests need
(`pip install -e '.[test]'`).
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from dbtune.report.documents.run_file import read_run_file
from dbtune.report.html.to_html import to_html
from dbtune.report.pages.page_of import join_pages, page_of

TARGET = Path(__file__).parent / "images" / "report.png"

_WIDTH = 1280
# The verdict, the actions and the dearest queries: down to the end of this bar.
_LAST = ".chart-bars li:nth-child(8)"
_BELOW = 4
_MOST_BYTES = 250_000


def main(names: list[str]) -> None:
    """Draw the results as one page, and write the picture of its top."""
    html = to_html(join_pages(tuple(page_of(read_run_file(Path(name)), name) for name in names)))
    Image.open(io.BytesIO(_screenshot(html))).convert("RGB").save(TARGET, optimize=True)
    size = TARGET.stat().st_size
    if size > _MOST_BYTES:
        sys.exit(f"{TARGET} has {size:,} bytes, more than {_MOST_BYTES:,}")


def _screenshot(html: str) -> bytes:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    # Root may not have Chromium's sandbox.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        page = browser.new_page(
            viewport={"width": _WIDTH, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        page.set_content(html)
        box = page.locator(_LAST).first.bounding_box()
        if box is None:
            sys.exit("no chart of costs: give a result of dbtune analyze first")
        height = box["y"] + box["height"] + _BELOW
        clip = {"x": 0, "y": 0, "width": _WIDTH, "height": round(height)}
        taken = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]
        browser.close()
    return taken


if __name__ == "__main__":
    main(sys.argv[1:])
