"""Does something to a module once the application has imported it, and imports nothing itself."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from typing import Any, Callable, Sequence

from .complaint import complain

Change = Callable[[Any], None]


def on_import(name: str, change: Change) -> None:
    """Call `change` with a module: at once where it is loaded, else as soon as it is."""
    module = sys.modules.get(name)
    if module is not None:
        _apply(change, name, module)
        return
    _FINDER.waiting.setdefault(name, []).append(change)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


class _Finder:
    """Stands before the other finders, asks them, and listens to the loader that they name."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Change]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """Return what the other finders do, for the modules that are waited for."""
        if name not in self.waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find and finder != self else None
            if spec is not None:
                self._listen(name, spec)
                return spec
        return None

    def _listen(self, name: str, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        def exec_module(module: Any) -> None:
            # The loader is one of this module's own: nothing of ours stays on it.
            del loader.exec_module
            execute(module)
            for change in self.waiting.pop(name, ()):
                _apply(change, name, module)

        try:
            loader.exec_module = exec_module
        except (AttributeError, TypeError) as error:
            complain(f"{name} cannot be watched", error)


_FINDER = _Finder()


def _apply(change: Change, name: str, module: Any) -> None:
    try:
        change(module)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain(f"{name} cannot be watched", error)
