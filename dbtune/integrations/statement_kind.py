"""Whether a statement writes, told from its words: quick enough to ask before each execution."""

from __future__ import annotations

from functools import lru_cache

from dbtune.sqlite.tokens import tokenize

_WRITING = frozenset(
    "INSERT UPDATE DELETE REPLACE CREATE DROP ALTER REINDEX ANALYZE VACUUM".split()
)


@lru_cache(maxsize=2048)  # an application sends few texts, many times
def writes(sql: str) -> bool:
    """Tell whether a statement inserts, updates, deletes or changes the schema.

    A transaction's own words (BEGIN, SAVEPOINT, COMMIT), PRAGMA, ATTACH and EXPLAIN are not
    writes. WITH is judged by the statement after its tables.
    """
    depth = 0
    after_with = False
    for token in tokenize(sql):
        if token.kind == "symbol":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif token.kind == "word" and depth == 0:
            word = token.text.upper()
            if word in _WRITING:
                return True
            if word != "WITH" and not after_with:
                return False
            if word in {"SELECT", "VALUES"}:
                return False
            after_with = True
    return False
