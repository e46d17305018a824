"""Entry point of the `dbtune` command and of `python -m dbtune`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from dbtune.cli.standard_streams import open_missing_streams

        open_missing_streams()
        from dbtune.cli.main import run
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
