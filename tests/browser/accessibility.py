"""What axe-core says of a page that is open in the browser."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Opened

# What depends on colours and widths; other rules say the same however a page looks.
LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")


def violations(opened: Opened, axe_source: str, *rules: str) -> list[str]:
    """Return what axe-core calls serious or critical on a page, each with where it is.

    By all rules, or only by those named. Everything that is closed is opened first.
    """
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.evaluate(axe_source)
    found: list[dict[str, Any]] = page.evaluate(
        "(rules) => axe.run(rules.length ? { runOnly: rules } : {}).then((run) => run.violations)",
        rules,
    )
    return [
        f"{violation['impact']} {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:3]
    ]
