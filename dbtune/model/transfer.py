"""What a migration to PostgreSQL moves, as planned, and what was verified of it.

A MigrationPlan is made from a Schema and the profile of its data, and everything after it (DDL,
load, verification, report) reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dbtune.model.advice import Finding

# How a stored value becomes the PostgreSQL value. NULL is always NULL. "number text" below is the
# decimal digits of an integer, and the shortest digits that read back as the same double (as
# Python's repr writes them) of a real, with Infinity and -Infinity.
Conversion = Literal[
    "integer",  # integer -> smallint, integer, bigint
    "double",  # real bit for bit, integer up to 2^53 -> double precision
    "decimal",  # integer, shortest decimal of a real, numeric text -> numeric
    "boolean",  # 0, 1 and the texts 0, 1, t, f, true, false in any case -> boolean
    "text",  # text as it is; numbers as number text; blobs as UTF-8 -> text, varchar, citext
    "bytes",  # blob as it is; text as its UTF-8 bytes; numbers as number text -> bytea
    "timestamp",  # naive ISO text, date only as midnight -> timestamp
    "timestamptz",  # ISO text with offset; naive as UTC -> timestamptz
    "epoch_s",  # integer or real seconds since 1970 -> timestamptz
    "epoch_ms",  # integer milliseconds since 1970 -> timestamptz
    "epoch_us",  # integer microseconds since 1970 -> timestamptz
    "cocoa",  # integer or real seconds since 2001-01-01 UTC -> timestamptz
    "date",  # text YYYY-MM-DD -> date
    "time",  # text HH:MM[:SS[.f]] -> time
    "uuid",  # 36 characters, 32 hexadecimal digits, or 16 bytes in their order -> uuid
    "json",  # JSON text verbatim, a number as number text -> json
    "jsonb",  # the same -> jsonb
]

NulRepair = Literal["strip", "replace"]  # remove U+0000; put U+FFFD in its place
EncodingRepair = Literal["latin-1", "replace"]  # read the whole value as Latin-1; U+FFFD


@dataclass(frozen=True)
class StorageCounts:
    """How many rows of a column hold each storage class (https://www.sqlite.org/datatype3.html)."""

    nulls: int = 0
    integers: int = 0
    reals: int = 0
    texts: int = 0
    blobs: int = 0

    @property
    def not_null(self) -> int:
        """Rows that hold a value."""
        return self.integers + self.reals + self.texts + self.blobs


# Beside the form "other", the first shapes of it have forms of their own, for examples.
OTHER_SHAPE = "other shape "


@dataclass(frozen=True)
class FormCount:
    """How many values of a column have one form, with an example and where it is.

    `example` is the value as text, cut to 60 characters; `row` names the row: "rowid 2", or the
    key's values for a table without one.
    """

    form: str
    count: int
    example: str
    row: str
    # SQL conditions on the source that each hold for one of the rows; only of problems, and empty
    # where there are too many.
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnProfile:
    """What a column really holds.

    `forms` are recognised forms of its values, exhaustive where `forms_complete`: the names are
    those of profiling/value_forms.py. `problems` are values PostgreSQL's text cannot hold: forms
    "nul" and "invalid-utf8". Lengths are bytes (UTF-8 for text) and characters.
    """

    column: str
    counts: StorageCounts
    integer_min: int | None = None
    integer_max: int | None = None
    real_min: float | None = None
    real_max: float | None = None
    forms: tuple[FormCount, ...] = ()
    problems: tuple[FormCount, ...] = ()
    longest_bytes: int = 0
    longest_characters: int = 0
    non_ascii: bool = False
    # Of all numbers, and texts that are numbers: digits before and after the point, at most; where
    # they were counted.
    decimals_measured: bool = False
    decimal_integer_digits: int = 0
    decimal_scale: int = 0
    # Bytes of each value where all non-null texts have the same length, as ISO dates often do.
    uniform_bytes: int | None = None
    # How texts look with every digit as 0 ("0000-00-00 00:00:00"), of columns asked for dates;
    # empty where not known or more than a few.
    shapes: tuple[str, ...] = ()

    def form(self, name: str) -> FormCount | None:
        """Return the count of one form, None where no value has it."""
        return next((form for form in self.forms if form.form == name), None)


@dataclass(frozen=True)
class TableProfile:
    """Profile of one table; `columns` in the table's order, `rowid_min`/`max` None without rows."""

    table: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    rowid_min: int | None = None
    rowid_max: int | None = None
    # (rowid, column, bytes) of texts and blobs above the limit of the streaming lane.
    large_values: tuple[tuple[int, str, int], ...] = ()

    def column(self, name: str) -> ColumnProfile:
        """Return a column's profile by its exact name. Raises KeyError."""
        for profile in self.columns:
            if profile.column == name:
                return profile
        raise KeyError(name)


@dataclass(frozen=True)
class TargetFacts:
    """What the target server is and allows, as far as a plan depends on it."""

    server_version: int = 180000  # as server_version_num: 150004
    citext: bool = False  # the extension is there, or this role may create it
    encoding: str = "UTF8"
    database: str = ""
    role: str = ""


@dataclass(frozen=True)
class ColumnPlan:
    """One column on its way.

    `source` is SQLite's name, `target` PostgreSQL's. `pg_type` is the type as DDL, such as
    "bigint", "numeric(10,2)", "timestamp with time zone". `default_sql` and `generated_sql` are
    PostgreSQL expressions. `clean` says that all non-null values have the one storage class
    `storage` and that nothing needs repair, so that a vectorised path may read them.
    """

    source: str
    target: str
    declared_type: str
    pg_type: str
    conversion: Conversion
    reason: str
    counts: StorageCounts
    not_null: bool = False
    identity: bool = False
    default_sql: str | None = None
    generated_sql: str | None = None
    generated_virtual: bool = False  # VIRTUAL, which PostgreSQL 18 has, instead of STORED
    empty_as_null: bool = False
    nul_repair: NulRepair | None = None
    encoding_repair: EncodingRepair | None = None
    clean: bool = False
    storage: Literal["none", "integer", "real", "text", "blob", "mixed"] = "mixed"
    uniform_bytes: int | None = None
    longest_bytes: int = 0
    collation: str = "BINARY"
    # Rows whose value becomes NULL (--orphans null), as SQL over the source.
    null_where: tuple[str, ...] = ()

    @property
    def loaded(self) -> bool:
        """False for a column that PostgreSQL generates itself."""
        return self.generated_sql is None


@dataclass(frozen=True)
class IndexPlan:
    """An index, or a UNIQUE constraint (`constraint`), to create after the load.

    `keys` are key terms as PostgreSQL writes them: `"email"`, `lower("name" COLLATE "C")`,
    `"at" DESC NULLS LAST`; of a constraint they are quoted column names only.
    """

    source: str
    target: str
    unique: bool
    keys: tuple[str, ...]
    where_sql: str | None = None
    constraint: bool = False
    method: str = "btree"


@dataclass(frozen=True)
class CheckPlan:
    """A CHECK constraint. `sql` is PostgreSQL's condition; `validated` False makes it NOT VALID."""

    target: str
    sql: str
    validated: bool = True


@dataclass(frozen=True)
class ForeignKeyPlan:
    """A foreign key to create after the load; names are the target's. `validated` False where
    stored rows break it: it is then created NOT VALID."""

    target: str
    columns: tuple[str, ...]
    referenced_table: str
    referenced_columns: tuple[str, ...]
    on_update: str
    on_delete: str
    deferrable: bool = False
    initially_deferred: bool = False
    validated: bool = True


@dataclass(frozen=True)
class TablePlan:
    """One table on its way.

    `rowid_sql` is what the rowid is called in SQL, None for WITHOUT ROWID. `primary_key` are
    target column names, empty where there is none on PostgreSQL (`primary_key_name` names its
    constraint). `order_key` are the source columns of a key whose order is the same on both sides
    (all integers), empty where there is none. `identity_next` is the next value of the identity
    (beyond the type's last value it is used up), whose sequence is named `identity_sequence`.
    `large_values` are (rowid, source column, bytes) above the limit of the streaming lane.
    """

    source: str
    target: str
    rows: int
    size_bytes: int
    columns: tuple[ColumnPlan, ...]
    rowid_sql: str | None = None
    rowid_min: int | None = None
    rowid_max: int | None = None
    primary_key: tuple[str, ...] = ()
    primary_key_name: str | None = None
    order_key: tuple[str, ...] = ()
    indexes: tuple[IndexPlan, ...] = ()
    checks: tuple[CheckPlan, ...] = ()
    foreign_keys: tuple[ForeignKeyPlan, ...] = ()
    identity_next: int | None = None
    identity_sequence: str | None = None
    large_values: tuple[tuple[int, str, int], ...] = ()
    # Rows that --nul, --encoding-errors or --orphans "reject" keeps back, as SQL over the source.
    reject_where: tuple[str, ...] = ()
    where: str | None = None

    @property
    def loaded_columns(self) -> tuple[ColumnPlan, ...]:
        """The columns that are copied, in the order of COPY."""
        return tuple(column for column in self.columns if column.loaded)


@dataclass(frozen=True)
class ViewPlan:
    """A view to create after the load; `select_sql` is the translated SELECT."""

    source: str
    target: str
    select_sql: str
    source_sql: str


@dataclass(frozen=True)
class MigrationPlan:
    """All that a migration does, decided before anything is written.

    `warnings` and `stops` are findings whose subject is "table", "table.column" or the name of
    an object; a plan with stops writes nothing, and each stop's help names the option that
    resolves it. `saved_sql` are (name, SQL) of objects that cannot move, such as triggers.
    """

    source_path: str
    schema_sha256: str
    schema_name: str
    tables: tuple[TablePlan, ...]
    views: tuple[ViewPlan, ...] = ()
    extensions: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    saved_sql: tuple[tuple[str, str], ...] = ()
    profile_name: str = "auto"
    target: TargetFacts = field(default_factory=TargetFacts)
    estimated_seconds: float | None = None

    def table(self, source: str) -> TablePlan:
        """Return a table's plan by its exact name in SQLite. Raises KeyError."""
        for table in self.tables:
            if table.source == source:
                return table
        raise KeyError(source)


@dataclass(frozen=True)
class PlanEdits:
    """What an edited plan asks for: (table, column, type), and (table or table.column, name)."""

    types: tuple[tuple[str, str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reject:
    """A row kept back as asked: its table, where it is, why, and its values as text."""

    table: str
    row: str
    reason: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Difference:
    """One way in which the target is not the source.

    `row` names the row by its key ("id=17"); `column` is None for a row that is missing or extra.
    """

    table: str
    row: str
    column: str | None
    kind: Literal["value", "missing", "extra", "count", "object"]
    source: str
    target: str


@dataclass(frozen=True)
class TableCheck:
    """What verification found of one table. `rows` are those compared.

    `method` tells how: "arrow", "rows", "multiset", "counts", or "arrow sample", "rows sample".
    `more` are differences beyond those that are named. Verified is: no differences.
    """

    table: str
    rows: int
    target_rows: int
    method: str
    differences: tuple[Difference, ...] = ()
    seconds: float = 0.0
    more: int = 0

    @property
    def verified(self) -> bool:
        """True where source and target are equal."""
        return not self.differences and self.rows == self.target_rows
