"""The lines for an application's env.py that keep autogenerate from undoing what dbtune did."""

from __future__ import annotations

from collections.abc import Iterable

_SNIPPET = '''\
# In env.py, next to target_metadata. Without it, the next `alembic revision --autogenerate`
# would drop the version table and every index that your models do not name.
DBTUNE_NAMES = {names}


def include_object(object, name, type_, reflected, compare_to):
    """Leave to dbtune what dbtune manages."""
    return not (reflected and compare_to is None and name in DBTUNE_NAMES)


# and in both calls of context.configure():
#     include_object=include_object,
'''


def include_object_lines(indexes: Iterable[str], version_table: str) -> str:
    """Return Python that hides the version table and the indexes from autogenerate.

    Indexes that the models name are compared as usual.
    """
    names = [version_table, *indexes]
    body = "".join(f"    {name!r},\n" for name in names)
    return _SNIPPET.format(names="{\n" + body + "}")
