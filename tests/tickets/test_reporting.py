"""Months and quarters as a place counts them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tickets.test_clock import ms
from tickets.reporting import Period, holding, parse

ZONE = ZoneInfo("Asia/Shanghai")
PERIODS = st.builds(
    lambda year, number, quarter: Period(
        year, (number - 1) % 4 + 1 if quarter else number, quarter
    ),
    st.integers(2001, 2098),
    st.integers(1, 12),
    st.booleans(),
)


def test_a_month_and_a_quarter_begin_and_end_at_the_place_s_midnight() -> None:
    month, quarter = parse("2026-12"), parse("2026-Q4")
    assert (month.label, quarter.label) == ("2026年12月", "2026年第四季度")
    assert month.begins_ms(ZONE) == ms("2026-12-01 00:00")
    assert month.ends_ms(ZONE) == quarter.ends_ms(ZONE) == ms("2027-01-01 00:00")
    assert quarter.begins_ms(ZONE) == ms("2026-10-01 00:00")
    assert quarter.months() == (parse("2026-10"), parse("2026-11"), month)


@given(PERIODS)
def test_periods_follow_each_other_without_a_gap(period: Period) -> None:
    assert parse(period.key) == period
    assert period.before().after() == period == period.after().before()
    assert period.before().ends_ms(ZONE) == period.begins_ms(ZONE) < period.ends_ms(ZONE)
    for at_ms in (period.begins_ms(ZONE), period.ends_ms(ZONE) - 1):
        assert holding(at_ms, ZONE, quarter=period.quarter) == period
    assert {month.begins_ms(ZONE) for month in period.months()} <= set(
        range(period.begins_ms(ZONE), period.ends_ms(ZONE), 3_600_000)
    )


@pytest.mark.parametrize("key", ["2026", "2026-13", "2026-0", "2026-Q5", "2026-1", "x2026-01", ""])
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="neither a month nor a quarter"):
        parse(key)
