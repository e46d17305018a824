"""Where a recording goes: checked before the command starts, and tidied up after it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import ConfigurationError, RefusedError
from dbtune.recorder.settings import RecorderSettings
from dbtune.workload.recording_file import parts_of

_RECORDING = (b'{"dbtune.', b'{"db.query.')


@dataclass(frozen=True)
class RecordingOutput:
    """A recording's file, and those that are put aside when it is full.

    `offset` is where this run's lines begin; -1 where it is not known any more once full.
    """

    path: Path
    keep: int
    offset: int

    def written(self) -> list[tuple[Path, int]]:
        """Return the files of this run that hold something, each with where it begins there."""
        aside = [Path(f"{self.path}.{number}") for number in range(1, self.keep + 1)]
        aside = [path for path in aside if path.is_file()]
        current = (self.path, 0 if aside else self.offset)
        files = [current, *((path, 0) for path in aside)]
        return [(path, offset) for path, offset in files if _size(path) > offset]

    def remove_if_empty(self) -> None:
        """Remove a file that nothing was recorded to."""
        if _size(self.path) == 0:
            self.path.unlink(missing_ok=True)


def prepare_output(settings: RecorderSettings, *, append: bool, overwrite: bool) -> RecordingOutput:
    """Make the file, private, or find what an earlier recording left.

    Raises ConfigurationError for a place that is no file or cannot be written to, RefusedError
    for a file that is no recording, and for a recording unless told what to do with it.
    """
    path = Path(settings.path)
    _check_place(path)
    # An earlier recording may have kept more of them, and they are read with this one.
    aside = (Path(f"{path}.{number}") for number in range(1, settings.keep + 1))
    siblings = dict.fromkeys([path, *aside, *parts_of(path)])
    taken = [sibling for sibling in siblings if _size(sibling) > 0]
    for sibling in taken:
        _check_taken(sibling, append=append, overwrite=overwrite)
    if overwrite:
        for sibling in taken:
            sibling.unlink()
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"--output {path} cannot be written: {error.strerror}", hint="give another file"
        ) from error
    return RecordingOutput(path, settings.keep, max(_size(path), 0))


def _check_place(path: Path) -> None:
    if path.is_symlink():
        raise RefusedError(
            f"{path} is a symbolic link, and dbtune does not write through one",
            hint="give the file's own path",
        )
    problem = None
    if path.is_dir():
        problem = "a folder"
    elif not path.parent.is_dir():
        problem = "in a folder that does not exist"
    elif path.exists() and not path.is_file():
        problem = "not a regular file"
    if problem is not None:
        raise ConfigurationError(f"--output {path} is {problem}", hint="give the path of a file")


def _check_taken(path: Path, *, append: bool, overwrite: bool) -> None:
    with path.open("rb") as file:
        if not file.read(max(map(len, _RECORDING))).startswith(_RECORDING):
            raise RefusedError(
                f"{path} exists and is no recording; nothing was written to it",
                hint="give another file with --output",
            )
    if not append and not overwrite:
        raise RefusedError(
            f"{path} holds a recording already",
            hint="--append adds to it, --overwrite replaces it, --output names another file",
        )


def _size(path: Path) -> int:
    """Return a file's size in bytes, -1 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1
