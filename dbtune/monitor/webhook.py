"""Posts documents to a web address, whose user, path and query may be secret."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from http.client import HTTPException, InvalidURL
from typing import Any
from urllib.parse import unquote, urlsplit

from dbtune.errors import ConfigurationError

_REQUEST_SECONDS = 10.0


def post(url: str, document: bytes) -> str | None:
    """Post a document once; returns None where the address took it, else why not."""
    parts = urlsplit(url)
    headers = {"Content-Type": "application/json", "User-Agent": "dbtune"}
    if parts.username is not None:
        # urllib would take them for a part of the host's name, and ask the network for it.
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(user).decode()}"
    address = parts._replace(netloc=_host(url), fragment="").geturl()
    request = urllib.request.Request(address, document, headers)
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=_REQUEST_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"it answered {error.code}"
    except InvalidURL:
        return "it is no web address"  # the error would repeat it
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def masked(url: str) -> str:
    """Return a web address without what may be secret: its user, path and query."""
    return f"{urlsplit(url).scheme}://{_host(url)}/..."


def require_web_address(url: str) -> None:
    """Raise ConfigurationError for what is no web address, without repeating it."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isascii() or any(not c.isprintable() or c.isspace() for c in url):
        raise ConfigurationError(
            "--webhook is no web address",
            hint="give one that begins with http:// or https://, its letters in ASCII",
        )


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Stays with the address that was given: a redirect would turn the POST into a GET."""

    def redirect_request(self, *arguments: Any) -> None:
        return None
