"""Whether this process runs in a container, and whether a file outlives it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from dbtune.sqlite.file.filesystem import filesystem_type

_MARKERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_FIRST_PROCESS_GROUPS = Path("/proc/1/cgroup")
_RUNTIMES = re.compile(r"docker|kubepods|containerd|libpod|lxc")

Storage = Literal["host", "volume", "layer"]


def container_storage(path: Path) -> Storage:
    """Return where a file lies: on the host, or in a container on a volume or in its own layer.

    A volume or bind mount is another device than the container's root, an overlay that is
    deleted with the container. "host" wherever no container is recognised.
    """
    if not _in_container():
        return "host"
    if os.stat(path).st_dev != os.stat("/").st_dev:
        return "volume"
    return "layer" if filesystem_type(path) == "overlay" else "host"


def _in_container() -> bool:
    if any(marker.exists() for marker in _MARKERS):
        return True
    if os.environ.get("container") or os.environ.get("KUBERNETES_SERVICE_HOST"):  # noqa: SIM112
        return True
    try:
        return _RUNTIMES.search(_FIRST_PROCESS_GROUPS.read_text(errors="replace")) is not None
    except OSError:
        return False
