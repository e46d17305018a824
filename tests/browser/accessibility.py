"""What axe-core says of a page that is open in the browser."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Opened


def violations(opened: Opened, axe_source: str) -> list[str]:
    """Return what axe-core calls serious or critical on a page, each with where it is.

    Everything that is closed is opened first.
    """
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.evaluate(axe_source)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((run) => run.violations)")
    return [
        f"{violation['impact']} {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:3]
    ]
