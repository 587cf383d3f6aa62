"""What turns amber (soon) or red (now), by the set limits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from config.model import Alarms, Limit
from floor.figures import Day, QueueFigures

Level = Literal["amber", "red"]


class Alarm(msgspec.Struct, frozen=True):
    """One alarm. Its text stays the same while it lasts at one level."""

    code: str
    queue: str
    level: Level
    text: str


def raised(figures: Iterable[QueueFigures], day: Day, limits: Alarms, at_ms: int) -> list[Alarm]:
    """All alarms at a moment, the red ones first."""
    found: list[Alarm] = []
    for queue in figures:
        found += filter(
            None,
            (
                _waiting(queue, limits.waiting),
                _longest_wait(queue, limits.longest_wait_s, at_ms),
                _connect_rate(queue, limits),
                _no_free_seat(queue, day, limits.no_free_seat_s, at_ms),
            ),
        )
    return sorted(found, key=lambda alarm: alarm.level != "red")


def _waiting(queue: QueueFigures, limit: Limit) -> Alarm | None:
    level = _level(queue.waiting, limit)
    if level is None:
        return None
    shown = int(limit.red if level == "red" else limit.amber)
    return Alarm("waiting", queue.name, level, f"{queue.label}：排队达到 {shown} 人")


def _longest_wait(queue: QueueFigures, limit: Limit, at_ms: int) -> Alarm | None:
    if queue.longest_since_ms is None:
        return None
    level = _level((at_ms - queue.longest_since_ms) / 1000, limit)
    if level is None:
        return None
    shown = limit.red if level == "red" else limit.amber
    return Alarm("longest_wait", queue.name, level, f"{queue.label}：最长等候超过 {shown:g} 秒")


def _connect_rate(queue: QueueFigures, limits: Alarms) -> Alarm | None:
    if queue.connect_rate is None or _decided(queue) < limits.connect_rate_least:
        return None
    limit = limits.connect_rate
    level: Level | None = None
    if queue.connect_rate < limit.red:
        level = "red"
    elif queue.connect_rate < limit.amber:
        level = "amber"
    if level is None:
        return None
    below = limit.red if level == "red" else limit.amber
    text = f"{queue.label}：今日接通率低于 {below:.0%}"
    return Alarm("connect_rate", queue.name, level, text)


def _no_free_seat(queue: QueueFigures, day: Day, limit: Limit, at_ms: int) -> Alarm | None:
    since_ms = day.no_free_since_ms(queue.name)
    if since_ms is None:
        return None
    level = _level((at_ms - since_ms) / 1000, limit)
    if level is None:
        return None
    if not queue.waiting:
        # Nobody is kept waiting by it yet.
        level = "amber"
    what = "没有空闲座席" if day.staffed(queue.name) else "无人在席"
    return Alarm("no_free_seat", queue.name, level, f"{queue.label}：{what}")


def _decided(queue: QueueFigures) -> int:
    """Callers whose wait is over: at least those answered and those who gave up."""
    return queue.answered + queue.abandoned


def _level(value: float, limit: Limit) -> Level | None:
    if value >= limit.red:
        return "red"
    return "amber" if value >= limit.amber else None
