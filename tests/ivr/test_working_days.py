"""A line follows the administrator's calendar while it runs, and what it knew while it can't read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from config.model import Settings
from db import marks
from db.models import calendar_day
from ivr.workdays import LOOK_S
from tests.floor.furnishing import person
from tests.ivr.house import House, in_a_house, of_line
from tests.ivr.virtual import calm
from tickets import calendar
from workdays.days import Kind
from workdays.reading import STAMP


def every_day() -> Settings:
    """A line that is staffed day and night, but for what the calendar says."""
    base = of_line(hours="office")
    (office,) = base.hours
    always = replace(office, weekdays=(1, 2, 3, 4, 5, 6, 7), opens=time(), closes=time.max)
    clocks = replace(base.clocks, region="450902", half_closes=time(0, 0, 1), opens=time())
    return replace(base, hours=(always,), clocks=clocks)


def days(house: House) -> tuple[date, date]:
    """Today and tomorrow: midnight may come while a test runs."""
    today = datetime.now(ZoneInfo(house.settings.zone)).date()
    return today, today + timedelta(1)


def enters(house: House, kind: Kind, region: str = "") -> None:
    """The administrator enters these days at his page."""

    def write(conn: Connection) -> None:
        by = person(conn)
        for day in days(house):
            calendar.set_day(conn, by, region, day, kind, "通知")

    house.db.do(write)


async def first_heard(house: House) -> str:
    citizen = house.new_caller()
    await calm()
    heard = citizen.heard[0]
    citizen.hangs_up()
    await calm()
    return heard


@in_a_house(every_day)
async def test_given_a_day_off_is_entered_then_the_next_caller_hears_so(house: House) -> None:
    enters(house, "work")
    await calm()
    assert await first_heard(house) == "greeting"
    enters(house, "off")
    await calm()
    assert await first_heard(house) == "closed"
    enters(house, "work")
    await calm()
    assert await first_heard(house) == "greeting"


@in_a_house(every_day)
async def test_given_a_day_of_the_places_region_then_it_wins_and_of_another_it_does_not(
    house: House,
) -> None:
    enters(house, "work")
    enters(house, "off", "33")
    await calm()
    assert await first_heard(house) == "greeting"
    enters(house, "off", "4509")
    await calm()
    assert await first_heard(house) == "closed"


@in_a_house(every_day)
async def test_given_a_half_day_that_is_over_then_the_line_is_closed(house: House) -> None:
    enters(house, "half")
    await calm()
    assert await first_heard(house) == "closed"


@in_a_house(every_day)
async def test_given_a_day_that_nobody_told_of_then_the_next_look_finds_it(house: House) -> None:
    """A console that starts writes its release's days without a word on the feed."""
    enters(house, "work", "45")
    await calm()

    def write(conn: Connection) -> None:
        rows = [
            {"region": "4509", "day": day.isoformat(), "kind": "off", "source": "x",
             "announced": True}
            for day in days(house)
        ]  # fmt: skip
        conn.execute(insert(calendar_day), rows)
        marks.stamp(conn, STAMP)

    house.db.do(write)
    await calm()
    assert await first_heard(house) == "greeting"
    await asyncio.sleep(LOOK_S + 1)
    assert await first_heard(house) == "closed"


@in_a_house(every_day)
async def test_given_the_database_is_away_then_the_last_known_days_hold_and_no_call_waits(
    house: House,
) -> None:
    enters(house, "off")
    await calm()
    known = house.controller.parts.days.calendar
    assert known.kind(days(house)[0]) == "off"
    house.db.away = True
    await asyncio.sleep(3 * LOOK_S)
    assert house.controller.parts.days.calendar is known
    house.db.away = False
    await asyncio.sleep(LOOK_S + 1)
    assert await first_heard(house) == "closed"


@in_a_house(every_day)
async def test_given_a_restart_then_the_days_are_known_before_the_first_call(house: House) -> None:
    enters(house, "off")
    await calm()
    await house.kill()
    await house.start()
    assert await first_heard(house) == "closed"
