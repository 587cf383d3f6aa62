"""`[clocks]`: every mistake of the hours and the periods is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.clocks import PERIOD_BOUNDS
from config.errors import SettingsError
from config.load import DEFAULT, load


def told(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "hotline.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    return [str(mistake).removeprefix(f"{path}: ") for mistake in caught.value.mistakes]


def test_shipped_periods_are_those_of_the_documents() -> None:
    clocks = load(DEFAULT, {}).clocks
    assert clocks.periods.keys() == PERIOD_BOUNDS.keys()
    # Q二(二)1
    named = ("reply_days", "accept_days", "simple_days", "ordinary_days")
    assert [clocks.periods[name] for name in named] == [1, 1, 2, 5]
    assert clocks.periods["suspension"] == 0


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ('lunch_from = "08:00"', 'clocks.lunch_from: found "08:00", expected a time after opens'),
        (
            'lunch_to = "11:00"',
            'clocks.lunch_to: found "11:00", expected lunch_from or later; the same means no break',
        ),
        (
            'closes = "14:00"',
            'clocks.closes: found "14:00", expected a time after lunch_to and before 24:00',
        ),
        (
            'closes = "24:00"',
            'clocks.closes: found "24:00", expected a time after lunch_to and before 24:00',
        ),
        (
            'half_closes = "18:00"',
            'clocks.half_closes: found "18:00", expected a time after opens, not after closes',
        ),
        (
            'region = "4509x"',
            (
                'clocks.region: found "4509x", expected a division code of 2 to 12 digits '
                "such as 450900, or nothing"
            ),
        ),
    ],
)
def test_given_hours_or_region_that_can_t_be_then_it_is_told(
    tmp_path: Path, line: str, mistake: str
) -> None:
    assert told(tmp_path, f"[clocks]\n{line}\n") == [mistake]


def test_given_several_bad_periods_then_all_are_told(tmp_path: Path) -> None:
    text = "[clocks.periods]\naccept_days = 0\nsuspension = 2\nordinary_day = 3\n"
    assert told(tmp_path, text) == [
        "clocks.periods.accept_days: found 0, expected a whole number from 1 to 30",
        "clocks.periods.suspension: found 2, expected a whole number from 0 to 1",
        'clocks.periods.ordinary_day: found an unknown key, expected "ordinary_days"',
    ]


def test_given_a_place_s_own_hours_then_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text(
        '[clocks]\nregion = "450900"\nlunch_to = "12:00"\n[clocks.periods]\nsimple_days = 3\n',
        encoding="utf-8",
    )
    clocks = load(path, {}).clocks
    assert (clocks.region, clocks.lunch_from) == ("450900", clocks.lunch_to)
    assert (clocks.periods["simple_days"], clocks.periods["ordinary_days"]) == (3, 5)
