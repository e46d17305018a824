"""Texts that PostgreSQL refuses: with U+0000 in them, or bytes that are not UTF-8."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.model.transfer import EncodingRepair, FormCount, NulRepair
from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.type_nouns import Choice, Notice, TypeOptions
from dbtune.sqlite.identifiers import quote_identifier


@dataclass(frozen=True)
class RefusedText:
    """What becomes of a column's refused texts. `reject_where` select the rows kept back."""

    choice: Choice
    nul_repair: NulRepair | None = None
    encoding_repair: EncodingRepair | None = None
    reject_where: tuple[str, ...] = ()


def handle_refused_text(held: HeldValues, choice: Choice, options: TypeOptions) -> RefusedText:
    """Return the choice as --nul and --encoding-errors want it; a stop where they say nothing."""
    result = RefusedText(choice)
    if choice.conversion != "text":
        return result
    for problem in held.profile.problems:
        if result.choice.conversion == "bytes":
            break  # an option for the problem before has made it bytea, which takes anything
        handle = _handle_nul if problem.form == "nul" else _handle_encoding
        result = handle(held, problem, result, options)
    if (result.nul_repair or result.encoding_repair) and choice.pg_type.startswith("varchar"):
        # Repaired text may have more characters than what was measured.
        result = replace(result, choice=replace(result.choice, pg_type="text"))
    return result


def _handle_nul(
    held: HeldValues, problem: FormCount, result: RefusedText, options: TypeOptions
) -> RefusedText:
    what = _what(held, problem, "U+0000, which PostgreSQL's text cannot hold")
    if options.nul is None:
        return _stopped(
            result,
            Notice("nul-in-text", "high", f"{what}.", "--nul strip, replace, bytea or reject"),
        )
    if options.nul == "bytea":
        return _as_bytes(result, what)
    if options.nul == "reject":
        name = quote_identifier(held.column.name)
        where = f"typeof({name}) = 'text' AND instr({name}, char(0)) > 0"
        return _rejecting(result, what, "nul-in-text", (where,))
    done = "it is removed" if options.nul == "strip" else "U+FFFD takes its place"
    repaired = _noticed(result, Notice("nul-in-text", "medium", f"{what}; {done}."))
    return replace(repaired, nul_repair=options.nul)


def _handle_encoding(
    held: HeldValues, problem: FormCount, result: RefusedText, options: TypeOptions
) -> RefusedText:
    what = _what(held, problem, "bytes that are not UTF-8")
    code = "invalid-utf8"
    if options.encoding_errors is None:
        offered = "--encoding-errors latin-1, replace, bytea or reject"
        return _stopped(result, Notice(code, "high", f"{what}.", offered))
    if options.encoding_errors == "bytea":
        return _as_bytes(result, what)
    if options.encoding_errors == "reject":
        if not problem.conditions:
            too_many = f"{what}: rows that cannot be kept back one by one."
            offered = "--encoding-errors latin-1, replace or bytea"
            return _stopped(result, Notice(code, "high", too_many, offered))
        return _rejecting(result, what, code, problem.conditions)
    done = "read as Latin-1" if options.encoding_errors == "latin-1" else "U+FFFD takes their place"
    repaired = _noticed(result, Notice(code, "medium", f"{what}; {done}."))
    return replace(repaired, encoding_repair=options.encoding_errors)


def _what(held: HeldValues, problem: FormCount, contents: str) -> str:
    counted = "1 value has" if problem.count == 1 else f"{problem.count:,} values have"
    return f"{held.declared.words}: {counted} {contents} ({example_words(problem)})"


def _as_bytes(result: RefusedText, what: str) -> RefusedText:
    notice = Notice("text-as-bytes", "medium", f"{what}; the column becomes bytea, as asked.")
    choice = result.choice
    return RefusedText(
        Choice("bytea", "bytes", "bytes of the texts, as asked", (*choice.notices, notice))
    )


def _rejecting(result: RefusedText, what: str, code: str, where: tuple[str, ...]) -> RefusedText:
    noticed = _noticed(result, Notice(code, "medium", f"{what}; those rows are rejected."))
    return replace(noticed, reject_where=(*result.reject_where, *where))


def _noticed(result: RefusedText, notice: Notice) -> RefusedText:
    choice = replace(result.choice, notices=(*result.choice.notices, notice))
    return replace(result, choice=choice)


def _stopped(result: RefusedText, stop: Notice) -> RefusedText:
    choice = replace(result.choice, stops=(*result.choice.stops, stop))
    return replace(result, choice=choice)
