"""Telephone numbers: as a trunk writes them, as we keep them, as we show them. Pure.

We keep a number as it is dialled within the country: a mobile as 11 digits, a landline with 0 and
area code, a service number (12345, 95588) as it is, one from abroad as + and country code. A caller
who withholds it is "".
"""

from __future__ import annotations

import re
import unicodedata

from config.model import Trunk

WITHHELD = "未显示号码"

_HOME = "86"
_LONGEST = 20
_URI = re.compile(r"(?:sips?|tel):", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s().\-\u2010-\u2015]+")
_WRITTEN = re.compile(rf"\+?[0-9]{{2,{_LONGEST}}}")
_ABROAD = re.compile(r"(?:\+|00)([1-9][0-9]{6,})")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:(?:10|2[0-9])[0-9]{8}|[3-9][0-9]{2}[0-9]{7,8})")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_TOLL_FREE = re.compile(r"[48]00[0-9]{7}")
_SERVICE = re.compile(r"[0-9]{2,6}")


def canonical(written: str, country_code: str = _HOME, area_code: str = "") -> str:
    """The kept form of a caller's number as a trunk wrote it; "" when there is none in it.

    `country_code` and `area_code` (with its 0) are those of the trunk: they complete a local
    number. Canonical forms stay as they are.
    """
    kept = _read(_digits(written), country_code, area_code)
    # Odd writings carry one prefix inside another (+86 00 …); each reading takes one away.
    while (again := _read(kept, country_code, area_code)) != kept:
        kept = again
    return kept


def _read(digits: str, country_code: str, area_code: str) -> str:
    if not _WRITTEN.fullmatch(digits):
        return ""
    abroad = _ABROAD.fullmatch(digits)
    if abroad and not abroad[1].startswith(country_code):
        return f"+{abroad[1]}"
    if abroad:
        digits = abroad[1].removeprefix(country_code)
    digits = digits.removeprefix("+")
    if country_code != _HOME:
        return digits
    return _of_china(digits, area_code)


def _digits(written: str) -> str:
    """The number in a SIP user, a telephone URI or what a person typed, without ornaments."""
    plain = unicodedata.normalize("NFKC", written).strip()
    plain = _URI.sub("", plain, count=1).partition("@")[0].partition(";")[0]
    return _BETWEEN.sub("", plain)


def _of_china(digits: str, area_code: str) -> str:
    bare = digits.removeprefix(_HOME) if len(digits) >= 12 else digits
    for form in (bare, bare.removeprefix("0")):
        if _MOBILE.fullmatch(form):
            return form
    if _LANDLINE.fullmatch(bare) or _TOLL_FREE.fullmatch(bare) or _SERVICE.fullmatch(bare):
        return bare
    if _LOCAL.fullmatch(bare):
        return area_code + bare
    if _LANDLINE.fullmatch(f"0{bare}"):
        return f"0{bare}"
    return digits


def masked(number: str) -> str:
    """A kept number as screens and logs of events may show it: 138****1234, 0775-***1234.

    The last four digits and the area stay, so that an agent can tell callers apart. Service
    numbers belong to nobody and stay whole.
    """
    if not number:
        return WITHHELD
    if _SERVICE.fullmatch(number):
        return number
    if _LANDLINE.fullmatch(number):
        area = 3 if number[1] in "12" else 4
        return f"{number[:area]}-{'*' * (len(number) - area - 4)}{number[-4:]}"
    if len(number) < 11 and not _TOLL_FREE.fullmatch(number):
        return "*" * (len(number) - 2) + number[-2:]
    front = 4 if number.startswith("+") else 3
    return f"{number[:front]}****{number[-4:]}"


def for_trunk(number: str, trunk: Trunk) -> str:
    """A kept number as this trunk wants it dialled (`Trunk.dials`). ValueError for none."""
    if not number:
        raise ValueError("there is no number to dial")
    plus = trunk.dials == "plus"
    if number.startswith("+"):
        return number if plus else f"00{number[1:]}"
    home = _MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number)
    if not home or trunk.dials == "national":
        return number
    return f"{'+' if plus else ''}{trunk.country_code}{number.removeprefix('0')}"


def dialable(number: str) -> bool:
    """Whether a kept number can exist within the country and may be typed in by a person.

    Numbers abroad are not: nobody who is asked about a call is there, and what is stolen by
    telephone goes there.
    """
    forms = (_MOBILE, _LANDLINE, _TOLL_FREE, _SERVICE)
    return any(form.fullmatch(number) for form in forms)
