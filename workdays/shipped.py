"""The days off and the make-up days that are shipped: what was announced when this was released.

The whole country's come from the library chinesecalendar, which follows the notices of the State
Council's office each year; the regions' own are written here from their governments' notices.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import date, timedelta

import chinese_calendar

from workdays import law
from workdays.days import COUNTRY, Day, Kind

GUANGXI = "45"
FIRST_YEAR = 2020

# 国务院办公厅关于…年部分节假日安排的通知
NOTICES = {
    2020: "国办发明电〔2019〕16号",
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}
LIBRARY = "chinesecalendar"

# 广西壮族自治区少数民族习惯节日放假办法: two days at 三月三, named each spring. The government
# does not keep to 初三 and 初四 (2026: 4-17 and 4-20), so of a year not named it is a guess.
THIRD_OF_THIRD: dict[int, tuple[str, tuple[date, ...]]] = {
    2024: (
        "广西壮族自治区人民政府办公厅关于2024年“壮族三月三”放假的通知",
        (date(2024, 4, 11), date(2024, 4, 12)),
    ),
    2026: (
        "广西壮族自治区人民政府办公厅关于2026年广西三月三放假的通知",
        (date(2026, 4, 17), date(2026, 4, 20)),
    ),
}
GUESSED = "广西壮族自治区人民政府令第98号（当年安排未公布）"
FIRST_GUESS = 2027
NEAR = timedelta(days=10)
"""A day of Guangxi's own so near to 三月三 says when it is that year."""


@functools.cache
def shipped() -> tuple[Day, ...]:
    """All of them, the country's first."""
    days = [
        Day(COUNTRY, day, kind, NOTICES.get(day.year, LIBRARY), announced=True)
        for year in _years()
        for day, kind in _named(year)
    ]
    for source, off in THIRD_OF_THIRD.values():
        days += [Day(GUANGXI, day, "off", source, announced=True) for day in off]
    return tuple(days)


def customary(region: str, named: Iterable[Day]) -> list[date]:
    """Days off by a region's custom that its government has not named yet: 三月三 in Guangxi."""
    if not region.startswith(GUANGXI):
        return []
    own = [day.day for day in named if day.region == GUANGXI and day.announced]
    guesses = [law.third_of_third(year) for year in range(FIRST_GUESS, law.LAST_YEAR + 1)]
    return [
        day for days in guesses if not any(abs(at - days[0]) <= NEAR for at in own) for day in days
    ]


def _years() -> list[int]:
    known = {day.year for day in chinese_calendar.holidays}
    return sorted(year for year in known if year >= FIRST_YEAR)


def _named(year: int) -> list[tuple[date, Kind]]:
    """Holidays, weekends within them too as the notices name them, and make-up days."""
    first = date(year, 1, 1)
    named: list[tuple[date, Kind]] = []
    for offset in range((date(year + 1, 1, 1) - first).days):
        day = first + timedelta(offset)
        if day in chinese_calendar.holidays:
            named.append((day, "off"))
        elif day in chinese_calendar.workdays:
            named.append((day, "work"))
    return named


PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区",
    "21": "辽宁省", "22": "吉林省", "23": "黑龙江省", "31": "上海市", "32": "江苏省",
    "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省", "37": "山东省",
    "41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区",
    "46": "海南省", "50": "重庆市", "51": "四川省", "52": "贵州省", "53": "云南省",
    "54": "西藏自治区", "61": "陕西省", "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
}  # fmt: skip


def label(region: str) -> str:
    """What a region's calendar is called on a screen."""
    if region == COUNTRY:
        return "全国"
    return PROVINCES.get(region, f"地区 {region}")
