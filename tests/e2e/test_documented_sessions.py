"""Each session of a terminal that a page shows does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console import SLOW, differences, has_session, is_as_shown, run
from tests.documents import DOCUMENTS, ROOT, read

SESSIONS = [
    pytest.param(
        path,
        id=str(path.relative_to(ROOT)),
        marks=[pytest.mark.slow] if SLOW in read(path) else [],
    )
    for path in DOCUMENTS
    if has_session(read(path))
]

PAGE = """\
```python
# greet.py
print("hello")
```

```console
$ python greet.py
hello
$ mkdir inside && cd inside && export NAME=dbtune
```

```console
$ echo "$NAME in $(basename "$PWD")" && \\
> false
dbtune in inside
$ echo $?
1
```
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", SESSIONS)
def test_sessions_of_the_pages_go_as_printed(path: Path, tmp_path: Path) -> None:
    """In one shell and one folder a page, with what its commands print."""
    text = read(path)
    if told := [*differences(run(text, tmp_path), text)]:
        pytest.fail("\n\n".join(told), pytrace=False)


def test_a_session_is_one_shell_with_the_files_of_its_page(tmp_path: Path) -> None:
    """Folder, variables, files and exit codes go on from block to block."""
    ran = run(PAGE, tmp_path)
    assert [one.exit_code for one in ran] == [0, 0, 1, 0]
    assert not list(differences(ran, PAGE))


@pytest.mark.parametrize(
    ("true", "false", "told"),
    [
        ("hello\n$ mkdir", "good bye\n$ mkdir", "line 7: $ python greet.py prints something else"),
        ("\n1\n", "\n3\n", "line 16: $ echo $? prints something else"),
        ("$ echo $?\n1\n", "", "ends with 1"),
        ("$ echo $?\n1\n", "$ exit\n$ echo on\n", "line 16: $ exit ended the session"),
    ],
)
def test_a_session_that_goes_otherwise_is_told(
    tmp_path: Path, true: str, false: str, told: str
) -> None:
    """With the line of the page that is not true."""
    page = PAGE.replace(true, false)
    assert told in "\n".join(differences(run(page, tmp_path), page))


@pytest.mark.parametrize(
    ("printed", "shown", "expected"),
    [
        ("took 1.3 ms, 4 rows", "took 12 µs, 4 rows", True),
        ("took 1.3 ms, 4 rows", "took 1.3 ms, 5 rows", False),
        ("a long line that\nis broken", "a long line\nthat is broken", True),
        ("one\ntwo\nthree", "one\n...\nthree", True),
        ("one\ntwo\nthree", "one\n...\nfour", False),
        ("reading the schema ...\ndone", "done", True),
        ("2026-01-31T12:00:00+00:00 done in 1 min 2 s", "2027-02-01 13:01:01 done in 5 s", True),
        ("name  size\n----  ----", "name size\n--- ------", True),
    ],
)
def test_times_dates_and_wrapping_count_for_nothing(
    printed: str, shown: str, expected: bool
) -> None:
    """All else has to be true, up to an ellipsis of the page's."""
    assert is_as_shown(printed, shown) is expected
