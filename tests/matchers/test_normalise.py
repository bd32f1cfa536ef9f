"""Normalising: one written form for every way of writing it, and check digits that catch a clerk's slips."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.normalise.person_id import check_digit, normalise_person_id
from matchers.normalise.text import fold
from matchers.normalise.uscc import ALPHABET, check_character, normalise_uscc

WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})


def reference_check(first17: str) -> str:
    """ISO 7064 MOD 11-2, step by step."""
    product = 0
    for digit in first17:
        product = (product + int(digit)) * 2 % 11
    value = (12 - product) % 11
    return "X" if value == 10 else str(value)


@st.composite
def people(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), date(2008, 12, 31)))
    first17 = f"{draw(st.integers(110000, 659999))}{born:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first17 + reference_check(first17)


@st.composite
def codes(draw: st.DrawFn) -> str:
    first17 = "91" + draw(st.text(ALPHABET, min_size=15, max_size=15))
    total = sum(ALPHABET.index(c) * 3**i for i, c in enumerate(first17))
    return first17 + next(c for c in ALPHABET if (total + ALPHABET.index(c)) % 31 == 0)


@st.composite
def written(draw: st.DrawFn, right: str) -> str:
    """The same number as someone might type it."""
    text = draw(st.sampled_from([right, right.lower(), right.translate(WIDE), right.lower().translate(WIDE)]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(" \t\u3000\u00a0\n")) + text[at:]
    return text


@given(people())
def test_the_check_digit_is_that_of_iso_7064(number: str) -> None:
    assert check_digit(number[:17]) == number[17]
    assert normalise_person_id(number) == number


@given(people(), st.data())
def test_a_person_is_one_person_however_written(number: str, data: st.DataObject) -> None:
    assert normalise_person_id(data.draw(written(number))) == number


@given(codes(), st.data())
def test_a_code_is_one_code_however_written(code: str, data: st.DataObject) -> None:
    assert check_character(code[:17]) == code[17]
    assert normalise_uscc(data.draw(written(code))) == code


@given(people(), st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_caught(number: str, at: int, digit: str) -> None:
    wrong = number[:at] + digit + number[at + 1 :]
    assert (normalise_person_id(wrong) is None) == (wrong != number)


@given(people(), st.integers(0, 16))
def test_two_swapped_digits_are_always_caught(number: str, at: int) -> None:
    wrong = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert (normalise_person_id(wrong) is None) == (wrong != number)


@given(codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_caught(code: str, at: int, char: str) -> None:
    wrong = code[:at] + char + code[at + 1 :]
    assert (normalise_uscc(wrong) is None) == (wrong != code)


@given(people().filter(lambda n: n[6:8] == "19"))
def test_fifteen_digits_are_the_same_person(number: str) -> None:
    assert normalise_person_id(number[:6] + number[8:17]) == number


@given(st.text(max_size=30))
def test_any_text_is_refused_or_comes_to_a_fixed_point(text: str) -> None:
    for normalise in (normalise_person_id, normalise_uscc):
        number = normalise(text)
        assert number is None or (normalise(number) == number and number.isascii() and len(number) == 18)


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=30))
def test_nothing_folded_has_white_space(text: str) -> None:
    assert not any(char.isspace() for char in fold(text))


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb", "a b", "ａ　ｂ", "\ta b\n"])
def test_white_space_goes_whatever_its_kind(text: str) -> None:
    assert fold(text) == "AB"
