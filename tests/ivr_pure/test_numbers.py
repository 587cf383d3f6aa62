"""Numbers as trunks write them, as we keep and show them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.model import Dials, Trunk
from ivr.numbers import WITHHELD, canonical, dialable, for_trunk, masked

MOBILE = "13800001234"
LANDLINE = "07750001234"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("13800001234", MOBILE),
        ("+8613800001234", MOBILE),
        ("008613800001234", MOBILE),
        ("8613800001234", MOBILE),
        ("013800001234", MOBILE),
        ("+86 138-0000-1234", MOBILE),
        ("sip:+8613800001234@10.0.0.1:5060;user=phone", MOBILE),
        ("tel:+8613800001234;phone-context=example.cn", MOBILE),
        ("１３８００００１２３４", MOBILE),
        ("07750001234", LANDLINE),
        ("7750001234", LANDLINE),
        ("+867750001234", LANDLINE),
        ("+8607750001234", LANDLINE),
        ("00867750001234", LANDLINE),
        ("867750001234", LANDLINE),
        ("8607750001234", LANDLINE),
        ("(0775) 000 1234", LANDLINE),
        ("2000123", "07752000123"),
        ("86001234", "077586001234"),
        ("01000001234", "01000001234"),
        ("+861000001234", "01000001234"),
        ("02000001234", "02000001234"),
        ("077500001234", "077500001234"),
        ("4000001234", "4000001234"),
        ("12345", "12345"),
        ("+8612345", "12345"),
        ("95588", "95588"),
        ("+85290001234", "+85290001234"),
        ("0085290001234", "+85290001234"),
        ("", ""),
        ("anonymous", ""),
        ("Anonymous@anonymous.invalid", ""),
        ("unknown", ""),
        ("sip:alice@example.cn", ""),
        ("1", ""),
        ("+", ""),
        ("1" * 40, ""),
    ],
)
def test_every_writing_has_one_kept_form(written: str, kept: str) -> None:
    assert canonical(written, "86", "0775") == kept


def test_local_number_without_area_code_stays_local() -> None:
    assert canonical("2000123") == "2000123"


def test_other_country_sheds_its_own_code_and_keeps_others() -> None:
    assert canonical("+85328000123", "853") == "28000123"
    assert canonical("+8613800001234", "853") == "+8613800001234"


digit_strings = st.text("0123456789", min_size=1, max_size=22)
written_numbers = st.one_of(
    st.builds(
        str.__add__,
        st.sampled_from(["", "+", "00", "+86", "0086", "86", "0", "+860"]),
        digit_strings,
    ),
    st.text(max_size=25),
)
area_codes = st.sampled_from(["", "0775", "010", "020"])


@given(written=written_numbers, area_code=area_codes)
def test_kept_form_stays_as_it_is(written: str, area_code: str) -> None:
    kept = canonical(written, "86", area_code)
    assert canonical(kept, "86", area_code) == kept


@given(written=written_numbers, area_code=area_codes)
def test_kept_form_is_digits_or_nothing(written: str, area_code: str) -> None:
    kept = canonical(written, "86", area_code)
    assert kept == "" or (kept.removeprefix("+").isascii() and kept.removeprefix("+").isdigit())


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        (MOBILE, "138****1234"),
        (LANDLINE, "0775-***1234"),
        ("077500001234", "0775-****1234"),
        ("01000001234", "010-****1234"),
        ("+85290001234", "+852****1234"),
        ("4000001234", "400****1234"),
        ("2000123", "*****23"),
        ("+1000000", "******00"),
        ("12345", "12345"),
        ("", WITHHELD),
    ],
)
def test_number_is_shown_masked(kept: str, shown: str) -> None:
    assert masked(kept) == shown


@given(written=written_numbers)
def test_mask_hides_the_middle(written: str) -> None:
    """Two numbers that differ only in their middle look the same."""
    kept = canonical(written, "86", "0775")
    if len(kept) < 7:
        return
    hidden = slice(4, -4) if len(kept) >= 11 else slice(1, -4)
    middle = "".join(str(9 - int(digit)) for digit in kept[hidden])
    other = kept[: hidden.start] + middle + kept[hidden.stop :]
    assert masked(other) == masked(kept)
    assert masked(kept).count("*") >= 3


def trunk(dials: Dials) -> Trunk:
    return Trunk("t", ("127.0.0.1",), None, None, None, ("alaw",), "86", "0775", "12345", dials)


@pytest.mark.parametrize(
    ("dials", "kept", "dialled"),
    [
        ("national", MOBILE, "13800001234"),
        ("national", LANDLINE, "07750001234"),
        ("national", "+85290001234", "0085290001234"),
        ("country_code", MOBILE, "8613800001234"),
        ("country_code", LANDLINE, "867750001234"),
        ("country_code", "+85290001234", "0085290001234"),
        ("plus", MOBILE, "+8613800001234"),
        ("plus", LANDLINE, "+867750001234"),
        ("plus", "+85290001234", "+85290001234"),
        ("plus", "12345", "12345"),
    ],
)
def test_number_is_dialled_as_the_trunk_wants_it(dials: Dials, kept: str, dialled: str) -> None:
    assert for_trunk(kept, trunk(dials)) == dialled
    assert canonical(dialled, "86", "0775") == kept


def test_nothing_can_not_be_dialled() -> None:
    with pytest.raises(ValueError, match="no number"):
        for_trunk("", trunk("plus"))


@pytest.mark.parametrize(
    ("written", "can_be"),
    [
        (MOBILE, True),
        (LANDLINE, True),
        ("2000123", True),
        ("400 000 1234", True),
        ("95588", True),
        ("110", True),
        ("12800001234", False),
        ("1380000123", False),
        ("138000012345", False),
        ("0000001234", False),
        ("+85290001234", False),
        ("anonymous", False),
        ("", False),
    ],
)
def test_a_number_that_can_not_exist_is_known_before_it_is_dialled(
    written: str, can_be: bool
) -> None:
    assert dialable(canonical(written, "86", "0775")) is can_be
