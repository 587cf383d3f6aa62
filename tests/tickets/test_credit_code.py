"""Unified social credit codes: the check character, and the sentence for a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import credit_code
from tickets.credit_code import CHARACTERS, check_character, clean, wrong

# The example that goes round with the standard, and its weights as printed there.
EXAMPLE = "91350100M000100Y43"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]

BODIES = st.tuples(
    st.sampled_from("159Y"),
    st.sampled_from("1239"),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(CHARACTERS, min_size=9, max_size=9),
).map("".join)


def test_the_standards_example_and_weights() -> None:
    assert wrong(EXAMPLE) is None
    assert list(credit_code._WEIGHTS) == WEIGHTS
    assert len(CHARACTERS) == 31


@given(BODIES)
def test_every_code_with_its_check_character_is_right(body: str) -> None:
    assert wrong(body + check_character(body)) is None


@given(BODIES, st.integers(0, 16), st.sampled_from(CHARACTERS))
def test_one_character_mistyped_is_noticed(body: str, place: int, other: str) -> None:
    code = body + check_character(body)
    mistyped = code[:place] + other + code[place + 1 :]
    assert (wrong(mistyped) is None) == (mistyped == code)


@given(BODIES, st.integers(0, 15))
def test_two_neighbours_that_changed_places_are_noticed(body: str, place: int) -> None:
    code = body + check_character(body)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (wrong(swapped) is None) == (swapped == code)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "应为 18 位，现为 0 位"),
        (EXAMPLE[:-1], "现为 17 位"),
        (EXAMPLE + "0", "现为 19 位"),
        ("9135010OM000100Y43", "不使用字母 O"),
        ("91350100m000100y43", "只含数字和大写字母"),
        ("91350100M000100Y4路", "只含数字和大写字母"),
        ("9135A100M000100Y43", "第 3 至 8 位"),
        ("91350100M000100Y44", "校验位不符"),
    ],
)
def test_a_wrong_one_is_told_why(code: str, said: str) -> None:
    assert said in (wrong(code) or "")


@pytest.mark.parametrize(
    "written", ["91350100m000100y43", " 9135 0100-M000100Y43 ", "９１350100M000100Y43"]
)
def test_it_may_be_written_in_many_ways(written: str) -> None:
    assert clean(written) == EXAMPLE
