"""Empties the outbox: takes rows, sends each by its channel, writes down what came of it.

Each channel has its own loop and its own few sendings at a time, so that a slow gateway holds up
nobody else. The feed wakes, a slow poll guarantees. Any number of workers may run: a row is taken
with a compare-and-set and sent by its taker alone.
"""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
import uuid
import zoneinfo
from collections.abc import Callable, Sequence

from config.model import Settings
from config.notice_texts import template_for
from db import Database
from db.clock import now_ms
from db.engine import DatabaseUnavailable
from db.feed import Change
from db.sealed import CannotOpen, Sealer
from notices import addresses, channels, rows, texts
from notices.outcome import Channel, Notice, Outcome, refused, unknown
from notices.pace import Pace
from notices.quiet import Quiet
from notices.rows import UNKNOWN, WHAT_TO_DO, May, Row

log = logging.getLogger("hotline.notices")

TOPIC = "outbox"
POLL_S = 5.0
"""How long a notice may lie when no wake-up came through, and between two looks for the lost."""
SETTLE_S = 60.0
"""A taker has so long, beyond the sending itself, to write down what came of it."""
RETRY_S = 2.0
"""Between two tries to reach the database."""
GRACE_S = 10.0
"""How long a sending under way may take when the worker stops."""
PRUNE_EVERY_S = 3600.0
PRUNED = 500
"""So many old rows go in one transaction."""
JITTER = (0.5, 1.0)

Build = Callable[..., Sequence[Channel]]


class Worker:
    """Sends notices until it is cancelled; then `stop` ends in steps.

    Args:
        settings: `notices` and `zone` of them are used.
        database: where the outbox lies.
        sealer: opens the numbers of units and callers at the moment of sending, and only here.
        build: makes the channels.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        sealer: Sealer,
        build: Build = channels.build,
        *,
        poll_s: float = POLL_S,
    ) -> None:
        self.name = uuid.uuid4().hex[:12]
        self._settings = settings.notices
        self._zone = zoneinfo.ZoneInfo(settings.zone)
        own = settings.notices
        self._quiet = Quiet(own.quiet_from, own.quiet_to, self._zone)
        self._database = database
        self._sealer = sealer
        self._poll_s = poll_s
        self._channels = list(build(settings.notices, self._zone, self._reported))
        self._on = frozenset(channel.name for channel in self._channels)
        self._idempotent = frozenset(c.name for c in self._channels if c.idempotent)
        self._hold_ms = int((settings.notices.send_s + SETTLE_S) * 1000)
        self._wakes = {channel.name: asyncio.Event() for channel in self._channels}
        self._sending: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._taking: set[asyncio.Task[list[Row]]] = set()

    async def run(self) -> None:
        """Work until cancelled. Raises what a loop raises: nothing limps on unseen."""
        unsubscribe = self._database.feed.subscribe(self._changed)
        try:
            for channel in self._channels:
                await channel.start()
            async with asyncio.TaskGroup() as group:
                self._loops = [
                    group.create_task(self._sweep(), name="notices-sweep"),
                    *(
                        group.create_task(self._empty(channel), name=f"notices-{channel.name}")
                        for channel in self._channels
                    ),
                ]
        finally:
            unsubscribe()

    async def stop(self) -> None:
        """Take no more, let sendings under way finish, then let go of the channels."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._give_back()
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=GRACE_S)
            for sending in late:
                sending.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for channel in self._channels:
            await channel.stop()

    def _changed(self, changes: Sequence[Change]) -> None:
        if any(change.topic == TOPIC for change in changes):
            for wake in self._wakes.values():
                wake.set()

    async def _empty(self, channel: Channel) -> None:
        """Send what is due of one channel, at most `at_once` at a time."""
        wake = self._wakes[channel.name]
        own: set[asyncio.Task[None]] = set()
        may = self._limit_of(channel.name)
        while True:
            wake.clear()
            free = self._settings.at_once - len(own)
            try:
                taken = await self._take_whole(channel.name, free, may) if free > 0 else []
            except DatabaseUnavailable:
                log.warning("notices wait for the database")
                await asyncio.sleep(RETRY_S)
                continue
            for row in taken:
                sending = asyncio.create_task(self._send(channel, row), name=f"notice-{row.id}")
                for kept in (own, self._sending):
                    kept.add(sending)
                    sending.add_done_callback(kept.discard)
                sending.add_done_callback(self._ended)
                sending.add_done_callback(lambda _: wake.set())
            if not taken:
                await self._rest(wake)

    def _ended(self, sending: asyncio.Task[None]) -> None:
        """One that fails leaves its row taken; the sweep finds it when its time is over."""
        if not sending.cancelled() and (error := sending.exception()) is not None:
            log.error("%s failed: %s", sending.get_name(), where(error))

    async def _rest(self, wake: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await wake.wait()
        except TimeoutError:
            return

    def _limit_of(self, channel: str) -> May | None:
        if channel == "sms":
            return self._quiet
        return Pace(self._settings, self._hold_ms) if channel == "dingtalk" else None

    async def _take_whole(self, channel: str, free: int, may: May | None) -> list[Row]:
        """Rows taken, and known to be: cancelled meanwhile, they are given back by `stop`."""
        taking = asyncio.create_task(self._take(channel, free, may), name="notices-take")
        self._taking.add(taking)
        await asyncio.wait({taking})
        self._taking.discard(taking)
        return taking.result()

    async def _give_back(self) -> None:
        """Rows that were taken while the worker was stopped, and never sent."""
        for taking in tuple(self._taking):
            try:
                taken = await taking
                if taken:
                    await self._database.write(rows.give_back, taken, self.name)
            except DatabaseUnavailable:
                log.warning("notices could not be given back; they are when their time is over")
        self._taking.clear()

    async def _take(self, channel: str, free: int, may: May | None) -> list[Row]:
        if channel == "sms" and (until_ms := self._quiet.until_ms()) is not None:
            held = await self._database.read(rows.disturbing, channel, until_ms)
            if held:
                await self._database.write(rows.hold_back, held, until_ms, self._quiet.why)
        ids = await self._database.read(rows.due, channel, free)
        if not ids:
            return []
        return await self._database.write(rows.take, ids, self.name, self._hold_ms, may)

    async def _send(self, channel: Channel, row: Row) -> None:
        outcome = await self._outcome(channel, row)
        again_ms = self._again(channel, row, outcome)
        if outcome.kind == "unknown" and again_ms is None:
            outcome = unknown(f"{UNKNOWN}：{outcome.error}{WHAT_TO_DO}")
        if outcome.kind != "sent":
            # The sentence is ours: it holds no address and no number.
            log.info("notice %d by %s: %s", row.id, channel.name, outcome.kind)
        await self._settle(row, outcome, again_ms)

    async def _outcome(self, channel: Channel, row: Row) -> Outcome:
        try:
            notice = await self._notice(row)
            async with asyncio.timeout(self._settings.send_s):
                return await channel.send(notice)
        except Unreachable as error:
            return refused(str(error))
        except TimeoutError:
            return unknown("在时限内未收到答复")
        except DatabaseUnavailable:
            return Outcome("later", "数据库暂不可用")
        except Exception as error:  # noqa: BLE001 - told without its text, which could hold a number
            log.error("notice %d by %s failed: %s", row.id, channel.name, where(error))  # noqa: TRY400
            return unknown("发送程序出错")

    async def _notice(self, row: Row) -> Notice:
        """The row with its text, and its addresses opened."""
        found = await self._database.read(
            addresses.find, self._settings, row.channel, row.recipient
        )
        role = addresses.role_of(row.recipient)
        try:
            to = (*found.open, *(self._sealer.open(sealed) for sealed in found.sealed))
        except CannotOpen:
            raise Unreachable("收件号码无法解密，请核对密钥") from None
        if row.channel == "sms":
            to = tuple(number for one in to if (number := addresses.mobile(one)))
            if not to and (found.open or found.sealed):
                raise Unreachable("收件号码不是手机号码")
        if not to:
            raise Unreachable("未登记该渠道的收件地址")
        text = texts.render(
            row.template, role, row.args,
            at_ms=row.created_ms, zone=self._zone, own=row.own_text,
        )  # fmt: skip
        label = template_for(row.template, role).label
        return Notice(row.id, row.key, row.template, label, text, row.number, row.created_ms, to)

    def _again(self, channel: Channel, row: Row, outcome: Outcome) -> int | None:
        """When to try again; None: not at all."""
        tried_enough = row.tries >= self._settings.tries
        repeatable = outcome.kind == "later" or (outcome.kind == "unknown" and channel.idempotent)
        if tried_enough or not repeatable:
            return None
        return now_ms() + int(self._wait_s(row.tries, outcome.wait_s) * 1000)

    def _wait_s(self, tries: int, least_s: float) -> float:
        """Doubled each time up to a most; jitter, so that not all come back at once."""
        doubled = self._settings.first_wait_s * 2.0 ** min(tries - 1, 30)
        wait_s = min(doubled, self._settings.longest_wait_s) * random.uniform(*JITTER)
        return max(wait_s, least_s)

    async def _settle(self, row: Row, outcome: Outcome, again_ms: int | None) -> None:
        """Write it down, however long the database is away: a notice that went out is not lost."""
        while True:
            try:
                mine = await self._database.write(rows.settle, row, self.name, outcome, again_ms)
            except DatabaseUnavailable:
                await asyncio.sleep(RETRY_S)
                continue
            if not mine:
                log.warning("notice %d was taken over by another worker", row.id)
            return

    async def _sweep(self) -> None:
        """See to rows whose taker died, whose channel is off, or that are too old."""
        stale_ms = self._settings.stale_hours * 3600 * 1000
        loop, prune_at = asyncio.get_running_loop(), 0.0
        while True:
            try:
                found = await self._database.read(rows.overdue, self._on, stale_ms)
                if found:
                    await self._database.write(
                        rows.clear, found, self._on, self._idempotent,
                        self._settings.tries, stale_ms,
                    )  # fmt: skip
                if loop.time() >= prune_at and not await self._prune():
                    prune_at = loop.time() + PRUNE_EVERY_S
            except DatabaseUnavailable:
                log.warning("the outbox could not be looked through; trying again later")
            await asyncio.sleep(self._poll_s)

    async def _prune(self) -> bool:
        """Let old rows go, one batch; whether there may be more."""
        before_ms = now_ms() - self._settings.keep_days * 24 * 3600 * 1000
        return await self._database.write(rows.prune, before_ms, PRUNED) == PRUNED

    async def _reported(self, message_id: str, error: str) -> bool | None:
        """The network says what became of a message."""
        try:
            return await self._database.write(rows.report, "sms", message_id, error)
        except DatabaseUnavailable:
            return None


class Unreachable(Exception):
    """The recipient has no address of this channel; a Chinese sentence."""


def where(error: BaseException) -> str:
    """An error without its text: what kind, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} in {at}"
