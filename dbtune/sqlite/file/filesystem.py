"""On which kind of file system a file lies, as far as the operating system tells."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")

# SQLite's locks and the shared memory of WAL need one machine with one kernel:
# https://www.sqlite.org/wal.html section 1 and https://www.sqlite.org/useovernet.html. FUSE file
# systems are named by what they reach; those of virtual machines and Docker Desktop share a
# folder between two kernels.
_NETWORK = frozenset(
    """
    9p acfs afs beegfs ceph cifs coda drvfs fakeowner fuse.ceph-fuse fuse.cephfs fuse.gcsfuse
    fuse.glusterfs fuse.goofys fuse.grpcfuse fuse.juicefs fuse.mountpoint-s3 fuse.osxfs
    fuse.rclone fuse.s3fs fuse.smbnetfs fuse.sshfs fuse.vmhgfs-fuse gfs2 glusterfs gpfs lustre
    ncpfs nfs nfs4 ocfs2 orangefs prl_fs smb2 smb3 smbfs vboxsf virtiofs
    """.split()
)


def filesystem_type(path: Path) -> str | None:
    """Return the type of the file system that a file or folder lies on, such as "ext4" or "nfs4".

    None where the system does not tell (it is known on Linux only).
    """
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return type_in_mounts(mounts, os.path.realpath(path))


def is_network_filesystem(filesystem: str | None) -> bool:
    """Return whether a file system of this type is shared by several machines or kernels."""
    return filesystem in _NETWORK


def type_in_mounts(mounts: str, path: str) -> str | None:
    """Return the type of the mount that holds an absolute path; later mounts hide earlier ones.

    `mounts` is what /proc/self/mountinfo holds:
    https://www.kernel.org/doc/html/latest/filesystems/proc.html section 3.5.
    """
    best: tuple[int, str | None] = (-1, None)
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = _unescape(fields[4])
        if _holds(point, path) and len(point) >= best[0]:
            best = (len(point), after.split(" ")[0])
    return best[1]


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _unescape(text: str) -> str:
    """Return a mount point with its \\040 and the like as the characters they stand for."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
