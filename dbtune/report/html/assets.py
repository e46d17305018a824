"""The style and the script of a page, and the policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from dbtune.report.svg.stylesheet import chart_css

_FOLDER = Path(__file__).resolve().parent


@cache
def script() -> str:
    """Return the page's few lines of script."""
    return (_FOLDER / "report.js").read_text(encoding="utf-8")


@cache
def stylesheet() -> str:
    """Return the style of every page: that of charts, and then what the page makes of them."""
    return chart_css() + (_FOLDER / "report.css").read_text(encoding="utf-8")


def security_policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy under which this style and this script work, and no more.

    Source: https://www.w3.org/TR/CSP3/
    """
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
