"""Lines of an application as recordings have them, below the working directory or not."""

from __future__ import annotations

import pytest

from dbtune.report.checks.call_site import is_absolute, parse_call_site, to_uri


@pytest.mark.parametrize(
    ("site", "place"),
    [
        ("app/views.py:40", ("app/views.py", 40)),
        ("./app/../app/views.py:40", ("app/views.py", 40)),
        ("/srv/app/views.py:7", ("views.py", 7)),
        ("/srv/application/views.py:7", ("/srv/application/views.py", 7)),
        ("../lib/models.py:3", ("/srv/lib/models.py", 3)),
        ("app\\views.py:40", ("app/views.py", 40)),
        ("C:\\app\\views.py:40", ("C:/app/views.py", 40)),
        ("odd\\name/views.py:4", ("odd\\name/views.py", 4)),
        ("a:b.py:4", ("a:b.py", 4)),
        ("views.py:0", None),
        ("views.py", None),
        ("views.py:x", None),
        (":12", None),
        ("", None),
    ],
)
def test_a_call_site_is_a_file_and_a_line(site: str, place: tuple[str, int] | None) -> None:
    """Told relative to the working directory where it lies below it."""
    assert parse_call_site(site, "/srv/app") == place


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("app/views.py", "app/views.py"),
        ("a b/\u00e9#?.py", "a%20b/%C3%A9%23%3F.py"),
        ("/srv/a b.db", "file:///srv/a%20b.db"),
        ("C:/app/views.py", "file:///C:/app/views.py"),
        ("a:b.py", "a%3Ab.py"),
        ("\udcff.db", "%FF.db"),
    ],
)
def test_a_path_becomes_a_uri(path: str, uri: str) -> None:
    """Relative where it is, and with nothing in it that would end it."""
    assert to_uri(path) == uri
    assert is_absolute(path) == uri.startswith("file:")
