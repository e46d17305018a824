"""A file that only its owner may read, and that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dbtune.errors import ConfigurationError, RefusedError


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[tuple[TextIO, Path]]:
    """Yield a file to write and its path for now; it takes its name when all went well.

    Raises RefusedError for a path that is taken, unless `overwrite`, and ConfigurationError where
    it cannot be written.
    """
    _check(path, overwrite=overwrite)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file, partial
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _check(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise RefusedError(f"{path} exists already", hint="--overwrite replaces it")
