"""The type of the file system below a path, from what Linux says of its mounts."""

from __future__ import annotations

import pytest

from dbtune.sqlite.file.filesystem import is_network_filesystem, type_in_mounts

MOUNTS = r"""
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:20 / /srv rw - nfs4 server:/srv rw,vers=4.2
23 22 0:21 / /srv/my\040data rw,noexec master:3 - xfs /dev/vdb rw
24 21 0:22 / /tmp rw - tmpfs tmpfs rw
25 21 0:23 / /tmp rw - fuse.sshfs me@host: rw
26 21 0:24 / /srvice rw - btrfs /dev/vdc rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/app.db", "ext4"),
        ("/srv/app.db", "nfs4"),
        ("/srv", "nfs4"),
        ("/srv/my data/app.db", "xfs"),
        ("/srv/my data2/app.db", "nfs4"),
        ("/srvice/app.db", "btrfs"),
        ("/tmp/app.db", "fuse.sshfs"),
    ],
)
def test_the_innermost_and_latest_mount_counts(path: str, expected: str) -> None:
    """The longest mount point that holds the path wins, and the later of two at one place."""
    assert type_in_mounts(MOUNTS, path) == expected


def test_without_a_mount_the_type_is_unknown() -> None:
    """Nothing is made up where the system says nothing."""
    assert type_in_mounts("", "/srv/app.db") is None


@pytest.mark.parametrize(
    ("filesystem", "network"),
    [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("ext4", False), (None, False)],
)
def test_network_file_systems_are_known(filesystem: str | None, network: bool) -> None:
    """Those where SQLite's locks do not reach every user of the file."""
    assert is_network_filesystem(filesystem) is network
