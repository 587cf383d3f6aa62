"""Calling out: which endpoint, which number shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from config.model import Settings, Trunk
from ivr.dialling import CannotDial, can_dial, dial, dial_string
from tests.support.settings import make_settings


def settings_with(tmp_path: Path, **changed: object) -> Settings:
    made = make_settings(tmp_path)
    return replace(made, trunks=(replace(made.trunks[0], **changed),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dials", "number", "endpoint"),
    [
        ("national", "13800000001", "PJSIP/13800000001@trunk-local"),
        ("national", "+86 138 0000 0001", "PJSIP/13800000001@trunk-local"),
        ("national", "2000001", "PJSIP/07752000001@trunk-local"),
        ("country_code", "0775-2000001", "PJSIP/867752000001@trunk-local"),
        ("plus", "13800000001", "PJSIP/+8613800000001@trunk-local"),
        ("plus", "110", "PJSIP/110@trunk-local"),
        ("plus", "+49 30 0000001", "PJSIP/+49300000001@trunk-local"),
        ("national", "+49 30 0000001", "PJSIP/0049300000001@trunk-local"),
    ],
)
def test_given_any_writing_when_dialled_then_the_trunk_gets_its_own(
    tmp_path: Path, dials: str, number: str, endpoint: str
) -> None:
    made = dial(settings_with(tmp_path, dials=dials), number)
    assert (made.endpoint, made.caller_id) == (endpoint, "12345")


def test_given_110_when_the_callers_number_is_shown_then_it_stands_in_place_of_ours(
    tmp_path: Path,
) -> None:
    settings = settings_with(tmp_path, dials="plus")
    assert dial(settings, "110", shown="13800000001").caller_id == "+8613800000001"
    assert dial(settings, "110", shown="").caller_id == "12345"


@pytest.mark.parametrize("number", ["", "市场监管局", "1" * 30, "138a0000001", "12345"])
def test_given_no_number_or_our_own_when_dialled_then_it_is_said_without_the_digits(
    tmp_path: Path, number: str
) -> None:
    with pytest.raises(CannotDial) as refused:
        dial(settings_with(tmp_path), number)
    assert not any(letter.isdigit() for letter in str(refused.value))


def test_given_a_trunk_that_is_only_a_range_when_dialled_then_it_is_refused(
    tmp_path: Path,
) -> None:
    trunk: Trunk = settings_with(tmp_path, addresses=("192.0.2.0/24",)).trunks[0]
    assert not can_dial(trunk)
    with pytest.raises(CannotDial, match="only ranges"):
        dial_string(trunk, "13800000001")
    by_registration = replace(trunk, addresses=(), register_to="192.0.2.1", username="u")
    assert dial_string(by_registration, "13800000001") == "PJSIP/13800000001@trunk-local"


def test_given_a_trunk_named_for_calling_out_when_dialled_then_it_is_that_one(
    tmp_path: Path,
) -> None:
    made = make_settings(tmp_path, talk__outbound_trunk="carrier")
    carrier = replace(made.trunks[0], name="carrier", shown_as="077512345")
    made = replace(made, trunks=(*made.trunks, carrier))
    dialled = dial(made, "13800000001")
    assert (dialled.endpoint, dialled.caller_id) == (
        "PJSIP/13800000001@trunk-carrier",
        "077512345",
    )


def test_given_dialled_when_it_is_printed_then_it_shows_no_number(tmp_path: Path) -> None:
    assert "138" not in repr(dial(settings_with(tmp_path), "13800000001"))
