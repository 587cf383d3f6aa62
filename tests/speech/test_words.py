"""Numbers as they are said."""

from __future__ import annotations

import pytest

from ivr.speech.words import cardinal, count, spoken


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"), (1, "一"), (2, "两"), (3, "三"), (10, "十"), (11, "十一"), (12, "十二"),
        (20, "二十"), (22, "二十二"), (30, "三十"), (99, "九十九"),
    ],
)  # fmt: skip
def test_count_before_a_measure_word(number: int, said: str) -> None:
    assert count(number) == said


@pytest.mark.parametrize("number", [-1, 100])
def test_only_two_digits_are_counted_out(number: int) -> None:
    with pytest.raises(ValueError, match="0 to 99"):
        count(number)


def test_no_two_numbers_sound_alike() -> None:
    assert len({count(number) for number in range(100)}) == 100
    assert cardinal(2) == "二"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("欢迎拨打12345热线", "欢迎拨打幺二三四五热线"),
        ("请按1，或按0。", "请按一，或按零。"),
        ("10分钟内", "十分钟内"),
        ("120急救", "幺二零急救"),
        ("05栋", "零五栋"),
        ("没有数字", "没有数字"),
    ],
)
def test_digits_are_read_as_people_say_them(text: str, said: str) -> None:
    assert spoken(text) == said
