"""Arms the recorder in a program that `dbtune record` runs, before its first line.

Python imports it at start-up, since its folder is on PYTHONPATH. It is kept readable for every
Python from 2.7 on: a program may start an old one, which would complain of newer words.
"""

import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = "_dbtune_recorder"


def _arm():
    # type: () -> None
    """Load the recorder from its own folder, under a name that no application uses."""
    import importlib
    import importlib.util

    home = os.path.dirname(_FOLDER)
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, os.path.join(home, "__init__.py"), submodule_search_locations=[home]
    )
    if spec is None or spec.loader is None:
        raise ImportError("no recorder in {}".format(home))  # noqa: UP032 - read by old Pythons
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(_PACKAGE + ".arm").arm(os.environ)


def _tell(reason):
    # type: (str) -> None
    """Leave a line for the end of `dbtune record` where the recorder itself cannot."""
    import json

    log = os.environ.get("DBTUNE_RECORD_STATUS")
    if not log:
        return
    event = {"event": "failed", "pid": os.getpid(), "start": "", "reason": reason}
    event["command"] = list(getattr(sys, "orig_argv", ()))
    try:
        with open(log, "a") as file:
            file.write(json.dumps(event) + "\n")
    except (IOError, OSError):  # noqa: UP024 - two errors in Python 2
        return


def _run_next():
    # type: () -> None
    """Run the sitecustomize that Python would have found without us, and let it fail as it does."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _FOLDER]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401 - if there is one
    except ImportError as error:
        if getattr(error, "name", "sitecustomize") != "sitecustomize":
            raise
        # The import that is under way looks for its module where it put it.
        if ours is not None:
            sys.modules["sitecustomize"] = ours


if _PACKAGE not in sys.modules:
    if sys.version_info >= (3, 8):  # noqa: UP036 - this file is read by older ones
        try:
            _arm()
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the application
            _tell("{}: {}".format(type(error).__name__, error))  # noqa: UP032
    else:
        _tell("Python {}.{} is too old".format(*sys.version_info[:2]))
    _run_next()
