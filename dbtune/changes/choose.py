"""Which findings of a report are applied, and whether they fit the database as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dbtune.errors import ConfigurationError, RefusedError
from dbtune.model.advice import Change, Finding
from dbtune.model.schema import Index, Schema
from dbtune.sqlite.schema.catalog import assemble_schema
from dbtune.sqlite.schema.catalog_rows import CatalogRows, ObjectRow
from dbtune.sqlite.schema.index_definition import defines, read_definition

_CREATED = ("missing-index",)
_CREATED_IF_NAMED = ("foreign-key-without-index",)
_DROPPED = ("duplicate-index", "redundant-prefix-index", "unused-index")
INDEX_CODES = (*_CREATED, *_CREATED_IF_NAMED, *_DROPPED)


@dataclass(frozen=True)
class Choice:
    """Findings to apply, and in words those that are in place or that nothing matches."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of the findings, in their order."""
        return tuple(f.change for f in self.findings if f.change is not None)


def choose_findings(
    findings: Iterable[Finding], *, only: Sequence[str] = (), drops: bool = False
) -> Choice:
    """Return the findings whose index changes are asked for, each change once.

    Without `only`: missing indexes, and with `drops` those that are of no use. An entry of `only`
    is a code, a code/name or the name of an index. A code without findings is a note, since the
    second run of a command finds nothing; raises ConfigurationError for an unknown word.
    """
    offered = [f for f in findings if f.code in INDEX_CODES and f.change is not None]
    if not only:
        codes = (*_CREATED, *(_DROPPED if drops else ()))
        return Choice(tuple(_once(f for f in offered if f.code in codes)))
    notes = []
    for entry in only:
        if not any(_matches(finding, entry) for finding in offered):
            _require_known(entry, offered)
            notes.append(f'nothing to do for --only "{entry}"')
    chosen = (f for f in offered if any(_matches(f, entry) for entry in only))
    return Choice(tuple(_once(chosen)), tuple(notes))


def leave_out_present(choice: Choice, schema: Schema) -> Choice:
    """Return the choice without what is in place already, under whatever name.

    Raises RefusedError where a name is taken by something else, or where a change is about
    tables or columns that the database does not have.
    """
    present = {id(f): _present(f.change, schema) for f in choice.findings if f.change is not None}
    missing = tuple(f for f in choice.findings if present[id(f)] is None)
    as_asked = sum(1 for note in present.values() if note == "")
    notes = [note for note in present.values() if note]
    if as_asked:
        notes.insert(0, _in_place(as_asked, len(present)))
    return Choice(missing, (*choice.notes, *notes))


def _in_place(number: int, asked: int) -> str:
    if number < asked:
        return f"{number} of {asked} changes asked for are in place already"
    if asked == 1:
        return "the change asked for is in place already"
    return f"all {asked} changes asked for are in place already"


def fits_schema(sha256: str, rows: CatalogRows, findings: Iterable[Finding]) -> bool:
    """Return whether a report was made for the schema as it is, or before its own changes.

    Those that are in place are taken away again, and those dropped put back, before comparing.
    """
    if assemble_schema(rows).sha256 == sha256:
        return True
    created: set[str] = set()
    restored: list[ObjectRow] = []
    names = {found.name.lower() for found in rows.objects}
    for finding in findings:
        change = finding.change
        if change is None or change.index_name is None or finding.code not in INDEX_CODES:
            continue
        if _is_drop(change):
            if change.index_name.lower() not in names:
                restored.append(ObjectRow("index", change.index_name, "", change.down[0]))
        else:
            created.add(change.index_name.lower())
    kept = (o for o in rows.objects if o.type != "index" or o.name.lower() not in created)
    before = replace(rows, objects=(*kept, *restored))
    return assemble_schema(before).sha256 == sha256


def tables_of_dropped(changes: Iterable[Change], schema: Schema) -> dict[str, str]:
    """Return the table of each index that is dropped, by the index's name."""
    names = {change.index_name for change in changes if _is_drop(change)}
    return {index.name: index.table for index in schema.indexes if index.name in names}


def tables_of_created(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the tables that get an index, each once, in order."""
    return tuple(dict.fromkeys(c.index.table for c in changes if c.index and not _is_drop(c)))


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: set[tuple[str, ...]] = set()
    for finding in findings:
        statements = finding.change.up if finding.change is not None else ()
        if statements not in seen:
            seen.add(statements)
            yield finding


def _matches(finding: Finding, entry: str) -> bool:
    name = finding.change.index_name if finding.change is not None else None
    names = {finding.subject.lower(), (name or finding.subject).lower()}
    code, slash, rest = entry.partition("/")
    if slash and code == finding.code:
        return rest.lower() in names
    return entry == finding.code or entry.lower() in names


def _require_known(entry: str, offered: Sequence[Finding]) -> None:
    if entry.partition("/")[0] in INDEX_CODES:
        return
    known = ", ".join(dict.fromkeys(f"{f.code}/{f.subject}" for f in offered[:10])) or "none"
    raise ConfigurationError(
        f'--only "{entry}" is no finding that changes an index',
        hint=f"give a code ({', '.join(INDEX_CODES)}), code/name or an index's name; "
        f"there are: {known}",
    )


def _present(change: Change, schema: Schema) -> str | None:
    """Return None where a change has to be applied, else in words what takes its place.

    Without words, what is in place is just what the change asks for.
    """
    same_name = next((i for i in schema.indexes if _same(i.name, change.index_name)), None)
    if _is_drop(change):
        return _already_dropped(change, same_name, schema)
    if change.index is None:
        return None
    definition = read_definition(change.up[0], change.index.table, schema)
    if definition.unknown is not None:
        raise RefusedError(
            f"{change.index_name} is on {change.index.table}, but there is {definition.unknown}: "
            "the report was made for another database or another state of the schema",
            hint="make a new one: dbtune analyze DB --output FILE",
        )
    equal = next((index for index in schema.indexes if defines(definition, index)), None)
    if equal is not None:
        same = _same(equal.name, change.index_name)
        return "" if same else f"index {change.index_name} is in place as {equal.name}"
    taken = same_name.sql if same_name is not None else _object_named(change.index_name, schema)
    if taken is not None:
        raise RefusedError(
            f"{change.index_name} exists and is another one: {taken}",
            hint=f"expected {change.up[0]}; rename or drop the one there, or leave this one out "
            "with --only",
        )
    return None


def _already_dropped(change: Change, found: Index | None, schema: Schema) -> str | None:
    if found is None:
        return ""
    if found.enforces_constraint:
        raise RefusedError(
            f"index {found.name} enforces that rows are unique, so it is not dropped",
            hint="leave it out with --only",
        )
    definition = read_definition(change.down[0], found.table, schema)
    if not defines(definition, found):
        raise RefusedError(
            f"index {found.name} is not the one that the report describes: {found.sql}",
            hint=f"expected {change.down[0]}; make a new report: dbtune analyze DB --output FILE",
        )
    return None


def _object_named(name: str | None, schema: Schema) -> str | None:
    objects = [(found.name, found.sql) for found in schema.tables]
    objects += [(found.name, found.sql) for found in schema.views]
    return next((sql for found, sql in objects if _same(found, name)), None)


def _is_drop(change: Change) -> bool:
    return bool(change.up) and change.up[0].lstrip().upper().startswith("DROP INDEX")


def _same(name: str, other: str | None) -> bool:
    return other is not None and name.lower() == other.lower()
