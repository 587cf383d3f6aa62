"""`[staffing]` and `[alarms]`: how many seats are needed, when they are called in, and what turns
amber or red."""

from __future__ import annotations

from config.model import Alarms, CallIn, Limit, Staffing
from config.reader import Table
from config.sections import Names
from config.words import NAME

HOUR = 60


def staffing(table: Table, names: Names) -> Staffing:
    read = Staffing(
        on=table.flag("on"),
        target=table.share("target", 0.5, 0.999),
        within_s=table.seconds("within_s", 0, 600),
        pick_up_s=table.seconds("pick_up_s", 0, 60),
        first_talk_s=table.seconds("first_talk_s", 10, 3600),
        shrinkage=table.share("shrinkage", 0.0, 0.8),
        interval_minutes=table.integer("interval_minutes", 5, 60),
        history_weeks=table.integer("history_weeks", 0, 26),
        recent_minutes=table.integer("recent_minutes", 5, 240),
        hours_ahead=table.integer("hours_ahead", 1, 24),
        every_s=table.seconds("every_s", 1, 60),
        rules=tuple(_call_in(row, names) for row in table.rows("rules")),
    )
    if table.fine("interval_minutes") and HOUR % read.interval_minutes:
        found = str(read.interval_minutes)
        table.mistake("interval_minutes", found, "a part of an hour (5, 10, 15, 20, 30 or 60)")
    if table.fine("within_s", "pick_up_s") and read.pick_up_s > read.within_s:
        table.mistake("pick_up_s", f"{read.pick_up_s:g}", f"at most within_s ({read.within_s:g})")
    return read


def _call_in(table: Table, names: Names) -> CallIn:
    queue = table.reference("name", "a queue", names.queues)
    read = CallIn(
        queue=queue,
        lenders=table.texts("lenders", NAME, "the name of a queue"),
        keep=table.integer("keep", 0, 1000, default=2),
        most=table.integer("most", 1, 1000, default=4),
        level=table.integer("level", 1, 99, default=5),
        short_by=table.integer("short_by", 1, 1000, default=1),
        wait_limit_s=table.seconds("wait_limit_s", 1, 600, default=10.0),
        pause_s=table.seconds("pause_s", 0, 600, default=20.0),
        quiet_s=table.seconds("quiet_s", 10, 7200, default=300.0),
        longest_s=table.seconds("longest_s", 60, 86400, default=3600.0),
    )
    for lender in read.lenders:
        if lender not in names.queues:
            table.mistake("lenders", f'"{lender}"', "names of queues")
        elif lender == queue:
            table.mistake("lenders", f'"{lender}"', "other queues than this one")
    return read


def alarms(table: Table) -> Alarms:
    read = Alarms(
        waiting=Limit(
            table.integer("waiting_amber", 1, 10_000), table.integer("waiting_red", 1, 10_000)
        ),
        longest_wait_s=_seconds(table, "longest_wait"),
        connect_rate=Limit(
            table.share("connect_rate_amber", 0, 1), table.share("connect_rate_red", 0, 1)
        ),
        connect_rate_least=table.integer("connect_rate_least", 1, 100_000),
        no_free_seat_s=_seconds(table, "no_free_seat"),
    )
    _after(table, "waiting_red", "waiting_amber", read.waiting)
    _after(table, "longest_wait_red_s", "longest_wait_amber_s", read.longest_wait_s)
    _after(table, "no_free_seat_red_s", "no_free_seat_amber_s", read.no_free_seat_s)
    # A rate gets worse downwards.
    falling = Limit(-read.connect_rate.amber, -read.connect_rate.red)
    _after(table, "connect_rate_red", "connect_rate_amber", falling)
    return read


def _seconds(table: Table, name: str) -> Limit:
    return Limit(
        table.seconds(f"{name}_amber_s", 0, 86400), table.seconds(f"{name}_red_s", 0, 86400)
    )


def _after(table: Table, red: str, amber: str, limit: Limit) -> None:
    if table.fine(red, amber) and limit.red < limit.amber:
        table.mistake(red, f"{abs(limit.red):g}", f"a limit beyond that of {amber}")
