"""What the recorder masks keeps its query shape, and holds no literal any more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbtune.recorder.masking import mask_text
from dbtune.workload.comments import clean_statement
from dbtune.workload.fingerprint import template_of
from dbtune.workload.tokens import TokenReader

# Pieces that meet in every order: the ends of strings, names, numbers and comments.
pieces = st.sampled_from(
    """' '' " "" ` [ ] -- /* */ * / - + . , ; ( ) ? ?1 % %s $ : @ = == -> ->> | || \n \t \r 0 1 12
    1.5 .5 1. 1e5 1e+5 0x1e+5 1e .5e+1 -1 :a $a1 a a1 x X'a1' x'1' e E+1 5a é 😀 \ufeff select in
    IN values VALUES null NULL is true from users limit between 'abc' 'it''s' (1,2,3) ('a') (-1,2)
    "t" "x.y" "key" [t] `t` and not like insert /*route='/a'*/ --x\n""".split(" ")
)
# What most statements are made of, which are masked another way.
plain_pieces = st.sampled_from(
    """select from where a a1 t.a in values ( ) , , = < >= <> != * ? ? :a 1 12 1.5 'abc' 'it''s' ''
    'it''''s' '5 x' x'1' 1e5 .5 a.5 ?1 ; null and limit order by""".split(" ")
)
plain_soups = st.lists(plain_pieces, max_size=14).flatmap(
    lambda pieces: st.sampled_from([" ".join(pieces), "".join(pieces)])
)
soups = plain_soups | st.lists(st.one_of(pieces, st.just(" ")), max_size=14).map("".join)


@given(soups)
def test_a_masked_text_has_the_same_shape(text: str) -> None:
    """Whatever the text, with its literals and without them it is one query to dbtune."""
    masked, _ = mask_text(text)
    assert template_of(clean_statement(masked)) == template_of(clean_statement(text))


@given(soups)
def test_a_masked_text_has_no_literal(text: str) -> None:
    """No string, number or blob is left of it."""
    masked, _ = mask_text(text)
    assert {token.kind for token in TokenReader(masked)} & {"text", "number"} == set()


@given(soups, soups)
def test_literals_tell_texts_of_one_shape_apart(one: str, other: str) -> None:
    """Texts that are equal when masked differ in their literals, layout and comments aside."""
    masked_one, literals_one = mask_text(one)
    masked_other, literals_other = mask_text(other)
    if masked_one == masked_other and literals_one == literals_other:
        tokens_one = [token.text for token in TokenReader(one)]
        assert tokens_one == [token.text for token in TokenReader(other)]
