"""Each function of SQLite is in one table: it translates, or it is named with a reason."""

from __future__ import annotations

import apsw
import pytest

from dbtune.postgres.translation.aggregates import AGGREGATES, WINDOW_FUNCTIONS
from dbtune.postgres.translation.expressions import translate_expression
from dbtune.postgres.translation.functions import NOT_TRANSLATABLE, SCALAR_FUNCTIONS
from tests.unit.postgres.planned import ITEMS

# https://www.sqlite.org/lang_corefunc.html, lang_datefunc, lang_aggfunc, windowfunctions,
# lang_mathfunc, json1.
DOCUMENTED = """
abs changes char coalesce concat concat_ws format glob hex if ifnull iif instr last_insert_rowid
length like likelihood likely load_extension lower ltrim max min nullif octet_length printf quote
random randomblob replace round rtrim sign soundex sqlite_compileoption_get
sqlite_compileoption_used sqlite_offset sqlite_source_id sqlite_version substr substring
total_changes trim typeof unhex unicode unistr unistr_quote unlikely upper zeroblob
date time datetime julianday unixepoch strftime timediff
avg count group_concat max median min percentile percentile_cont percentile_disc string_agg sum
total row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
nth_value
acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2
mod pi pow power radians sin sinh sqrt tan tanh trunc
json jsonb json_array jsonb_array json_array_insert jsonb_array_insert json_array_length
json_error_position json_extract jsonb_extract json_insert jsonb_insert json_object jsonb_object
json_patch jsonb_patch json_pretty json_quote json_remove jsonb_remove json_replace jsonb_replace
json_set jsonb_set json_type json_valid json_group_array jsonb_group_array json_group_object
jsonb_group_object json_tree jsonb_each jsonb_tree
""".split()

# Parts of full-text search, R-trees and polygons, and what only SQLite's own tests call.
OTHERS = (
    "fts",
    "rtree",
    "geopoly",
    "sqlite_",
    "current_",
    "->",
    "matchinfo",
    "offsets",
    "optimize",
)

KNOWN = {*SCALAR_FUNCTIONS, *AGGREGATES, *WINDOW_FUNCTIONS, *NOT_TRANSLATABLE}


def test_every_documented_function_is_in_a_table() -> None:
    """None is passed through because nobody thought of it."""
    assert sorted(set(DOCUMENTED) - KNOWN) == []


def test_every_function_of_the_newest_library_is_in_a_table() -> None:
    """What a later SQLite brings is looked at before it is used."""
    connection = apsw.Connection(":memory:")
    names = {row[0] for row in connection.execute("SELECT name FROM pragma_function_list")}
    connection.close()
    assert sorted(name for name in names - KNOWN if not name.startswith(OTHERS)) == []


# match( is read as something else, so that MATCH is what tells.
@pytest.mark.parametrize("name", sorted(set(NOT_TRANSLATABLE) - {"match"}))
def test_what_does_not_translate_says_why(name: str) -> None:
    """The problem names the function and its reason."""
    translation = translate_expression(f"{name}(name)", ITEMS)
    assert translation.sql is None
    assert f"{name}() ({NOT_TRANSLATABLE[name]})" in translation.problems[0]
