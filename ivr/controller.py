"""The controller of one Asterisk: takes its calls, carries them, keeps the record.

It can be killed at any moment: calls stay up in Asterisk, and the next start settles
(`recovery`). A second controller for the same Asterisk fences the first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Coroutine, Sequence
from typing import Any

import aiohttp
from sqlalchemy.exc import IntegrityError

from config.model import Settings
from db.engine import Database, DatabaseUnavailable
from db.feed import Change
from db.sealed import Sealer
from floor import calls, controllers
from floor.calls import Call
from floor.forsaken import forsake_taken
from floor.requests import Request
from ivr import ari, doors, journey, numbers, outbound, recovery
from ivr.ami import Ami
from ivr.call import LiveCall
from ivr.directory import Directory
from ivr.fallback import Fallback
from ivr.housekeeping import keep_house
from ivr.journey import Stage
from ivr.keeping import Keeper
from ivr.parts import Parts
from ivr.performing import look
from ivr.queue import Floor
from ivr.recorder import Recorder
from ivr.requests import Desk, accept, refuse
from ivr.speech.prompts import Prompts
from ivr.staffing import follow_calls
from ivr.telephones import Telephones
from ivr.workdays import WorkingDays

log = logging.getLogger("hotline.controller")

DESK_POLL_S = 2.0
SWEEP_S = 10.0
END_CALLS_S = 3.0
LAST_WRITES_S = 3.0
CALL_TASK = "call "


class FencedOff(Exception):
    """Another controller has taken this Asterisk over; this one must end."""


class Controller:
    """Carries the calls of one Asterisk.

    Args:
        ari_url: Asterisk's ARI, http://host:port/ari.
        ari_password, ami_password: made when Asterisk's configuration was rendered.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        prompts: Prompts,
        sealer: Sealer,
        *,
        ari_password: str,
        ami_password: str,
    ) -> None:
        self.settings = settings
        self.db = db
        self.asterisk = asterisk_name(settings)
        self._token = secrets.token_hex(16)
        self._sealer = sealer
        self._prompts = prompts
        self._ami_password = ami_password
        self._client = ari.Client(
            f"http://{settings.asterisk.host}:{settings.asterisk.http_port}/ari",
            settings.asterisk.user,
            ari_password,
            settings.asterisk.app,
            on_connected=self._connected,
            on_fenced=self._fenced_by_asterisk,
        )
        self._directory = Directory(self._arrived, self._phone_changed, self._stray)
        self._keeper = Keeper(db, self._learned)
        self._client.on_event = self._directory.on_event
        self._floor = Floor(settings, db)
        self._recorder = Recorder(settings, db)
        self._days = WorkingDays(settings, db)
        self._desk = Desk(db, self.asterisk, self._directory.call, self._dial)
        self._desk_bell = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._arriving: set[str] = set()
        self._early: list[str] = []
        self._settled = asyncio.Event()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parts: Parts | None = None
        self._telephones: Telephones | None = None
        self._started: str | None = None
        """When the Asterisk that we know began: another one has none of our calls."""

    # --- life ---

    async def run(self) -> None:
        """Carry calls until cancelled.

        Raises:
            FencedOff: another controller took over.
        """
        async with aiohttp.ClientSession() as http:
            self._parts = self._gather(http)
            self._telephones = Telephones(self._parts, self._spawn)
            self._keeper.on_back(self._database_is_back)
            await self.db.write(controllers.take_over, self.asterisk, self._token)
            await self.db.write(forsake_taken, self.asterisk)
            # Ours first: it must see which seats are new before the floor knows them.
            self.db.feed.subscribe(self._on_changes)
            self.db.feed.subscribe(self._days.on_changes)
            await self._days.read()
            await self._floor.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keeper.run(), name="kept writes")
                group.create_task(self._recorder.file_all(), name="recorder")
                group.create_task(self._recorder.look_for_space(), name="disk")
                group.create_task(self._serve_desk(), name="desk")
                group.create_task(self._beat(), name="heartbeat")
                group.create_task(self._sweep(), name="sweep")
                group.create_task(keep_house(self.settings, self.db), name="housekeeping")
                group.create_task(follow_calls(self.settings, self.db), name="staffing")
                group.create_task(self._days.keep(), name="working days")
                group.create_task(self._carry(), name="calls")

    async def _carry(self) -> None:
        try:
            async with self._client:
                await self._ended
        finally:
            self._floor.stop()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._keeper.finish(LAST_WRITES_S)
            with contextlib.suppress(DatabaseUnavailable):
                await self.db.write(
                    controllers.beat, self.asterisk, self._token, *self._last_words()
                )

    def _last_words(self) -> tuple[str, str | None]:
        """State and detail that /healthz shows from now on, unless another has begun here."""
        if self._ended.done() and not self._ended.cancelled():
            return "fenced", str(self._ended.exception())
        return "stopped", None

    async def ready(self) -> None:
        """Wait until calls are being taken."""
        await self._settled.wait()

    async def end_calls(self) -> None:
        """Before a whole copy is stopped: end every call with its true reason and its record."""
        for call in self._directory.calls():
            call.ends_because = "stopped"
            self._spawn(self._let_go(call.channel.id), "end a call")
        under_way = [task for task in self._tasks if task.get_name().startswith(CALL_TASK)]
        if under_way:
            _, left = await asyncio.wait(under_way, timeout=END_CALLS_S)
            if left:
                log.warning("%s calls did not end in time", len(left))

    def _gather(self, http: aiohttp.ClientSession) -> Parts:
        asterisk = self.settings.asterisk
        ami = Ami(
            http, f"http://{asterisk.host}:{asterisk.http_port}", asterisk.user, self._ami_password
        )
        return Parts(
            settings=self.settings,
            asterisk=self.asterisk,
            db=self.db,
            keeper=self._keeper,
            client=self._client,
            ami=ami,
            prompts=self._prompts,
            sealer=self._sealer,
            floor=self._floor,
            recorder=self._recorder,
            directory=self._directory,
            days=self._days,
        )

    @property
    def parts(self) -> Parts:
        if self._parts is None:
            raise RuntimeError("the controller has not been started")
        return self._parts

    def _spawn(self, doing: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.create_task(doing, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)

    async def _beat(self) -> None:
        while True:
            try:
                await self._say_alive()
            except DatabaseUnavailable as error:
                log.warning("the heartbeat could not be written: %s", error)
            await asyncio.sleep(controllers.BEAT_S)

    async def _say_alive(self) -> None:
        state = "ready" if self._settled.is_set() else "starting"
        detail = "disk_full" if self._recorder.space_low else None
        if not await self.db.write(controllers.beat, self.asterisk, self._token, state, detail):
            raise FencedOff("another controller has taken this Asterisk over")

    async def _sweep(self) -> None:
        """Callers who hang up while the fallback has them end unseen: look for them."""
        fallback = Fallback(self.parts, self._describe)
        while True:
            await asyncio.sleep(SWEEP_S)
            if not self._settled.is_set():
                continue
            try:
                await recovery.close_vanished(self.parts)
                await fallback.adopt_all()
            except (ari.AriError, DatabaseUnavailable, OSError) as error:
                log.warning("could not look for calls that vanished: %s", error)

    def _learned(self, row: Call) -> None:
        """What was kept for a call while the database was away stands there now."""
        call = self._directory.call(row.id)
        if isinstance(call, LiveCall):
            call.learn(row)

    def _database_is_back(self) -> None:
        self._spawn(self._telephones_again(), "telephones")

    async def _telephones_again(self) -> None:
        """Whatever registered or went meanwhile is unknown to the database."""
        if self._telephones is not None and self._settled.is_set():
            await self._telephones.settle()

    def _phone_changed(self, endpoint: str, reachable: bool) -> None:
        if self._telephones is not None:
            self._telephones.changed(endpoint, reachable)

    def _fenced_by_asterisk(self) -> None:
        if not self._ended.done():
            self._ended.set_exception(
                FencedOff("another controller has connected to this Asterisk")
            )

    # --- after every connection ---

    async def _connected(self, first: bool) -> None:
        """Read again and settle; until then no seat is offered."""
        try:
            await recovery.prepare(self._client, self._floor.endpoints())
            if self._telephones is not None:
                # Before the calls: one may wait for a telephone.
                await self._telephones.settle()
            started = (await self._client.info()).status.startup_time
            reborn = self._started not in (None, started)
            self._started = started
            await recovery.settle(self.parts, self._begin, reborn=reborn)
            found = await look(self._client)
            for start in recovery.newcomers(found, self._directory, self.settings.asterisk.app):
                self._arrived(start)
        except (ari.ConnectionLost, ari.ClientClosed, ari.Fenced) as error:
            # The next connection settles again.
            log.warning("the connection broke while settling: %s", error)
            return
        self._floor.open()
        self._settled.set()
        self._let_strays_go()
        self._spawn(self._say_alive(), "heartbeat")
        log.info(
            "ready: %s calls in hand%s",
            len(self._directory.calls()),
            "" if first else ", connected again",
        )

    # --- callers ---

    def _arrived(self, start: ari.StasisStart) -> None:
        if start.args[:1] != ("inbound",) or len(start.args) != 4:
            log.error("a channel came with arguments that nobody gives; letting it go")
            self._spawn(self._let_go(start.channel.id), "let go")
            return
        call_id = start.args[1]
        if call_id in self._arriving:
            return
        self._arriving.add(call_id)
        self._directory.expect(start.channel.id)
        self._spawn(self._take(start), CALL_TASK + call_id)

    def _stray(self, channel: str) -> None:
        if self._settled.is_set():
            self._spawn(self._let_go(channel), "let a seat's telephone go")
        else:
            # His call may only not be in our hands yet.
            self._early.append(channel)

    def _let_strays_go(self) -> None:
        """Of those who picked up before we had settled: whose call is not there."""
        for channel in self._early:
            if self._directory.owner(channel) is None:
                self._stray(channel)
        self._early.clear()

    async def _let_go(self, channel: str) -> None:
        try:
            await self._client.channel(channel).hangup("normal")
        except ari.NotFound:
            log.debug("it was gone already")

    async def _take(self, start: ari.StasisStart) -> None:
        """A caller is in our application: the beginning of his way, or the middle of it."""
        _, call_id, trunk, dialled = start.args
        try:
            carried_on = await self._receive(start, call_id, trunk, dialled)
        except (DatabaseUnavailable, ari.AriError):
            # We can't keep the call, the dialplan can: it comes back to us later.
            log.exception("call %s could not be taken; giving it back to the dialplan", call_id)
            with contextlib.suppress(ari.AriError):
                await self._client.channel(start.channel.id).continue_in_dialplan()
            return
        finally:
            self._arriving.discard(call_id)
            self._directory.expect_no_more(start.channel.id)
        if carried_on is not None:
            await self._follow(*carried_on)

    async def _receive(
        self, start: ari.StasisStart, call_id: str, trunk: str, dialled: str
    ) -> tuple[LiveCall, Stage] | None:
        if self._keeper.away:
            # Not seconds of silence: the dialplan plays music and comes back.
            raise DatabaseUnavailable("away")
        line = self.settings.line_of(dialled)
        written = await self._write_down(start, call_id, trunk, line.name) if line else None
        if written is None:
            return await self._take_known(start, call_id, line is not None)
        row, blocked = written
        call = LiveCall(self.parts, row, start.channel.name)
        self._directory.enter(call)
        self._recorder.watch(call_id)
        return call, journey.blocked if blocked else journey.greet

    async def _take_known(
        self, start: ari.StasisStart, call_id: str, has_line: bool
    ) -> tuple[LiveCall, Stage] | None:
        """Nothing was written: he is on his way already, or came where nobody should."""
        before = await self.db.read(calls.get, call_id)
        if before is not None:
            return await self._take_again(before)
        if has_line:
            # Refused and not there: nothing that a caller should have to hear of.
            raise DatabaseUnavailable("the call was refused")
        log.error("call %s came for a number that no line has", call_id)
        await self._let_go(start.channel.id)
        return None

    async def _take_again(self, row: Call) -> tuple[LiveCall, Stage] | None:
        """A caller whom the fallback had comes back to us, into his old place."""
        if self._directory.call(row.id) is not None:
            return None
        if row.ended_ms is not None:
            log.error("call %s came back after its end", row.id)
            await self._let_go(row.channel)
            return None
        log.info("call %s comes back from the fallback", row.id)
        found = await look(self._client)
        if row.channel not in found.channels:
            return None
        return await recovery.carry_on(self.parts, row, found)

    async def _write_down(
        self, start: ari.StasisStart, call_id: str, trunk: str, line: str
    ) -> tuple[Call, bool] | None:
        """The call and whether its number is blocked; None when it stands there already.

        Most callers are new, so nothing is read first: the database refuses a second time.
        """
        try:
            return await self._keeper.write(
                doors.arrive,
                call_id=call_id,
                asterisk=self.asterisk,
                line=line,
                trunk=trunk,
                channel=start.channel.id,
                **self._describe(trunk, start.channel.caller.number),
            )
        except IntegrityError:
            log.debug("call %s was written down before", call_id)
            return None

    def _describe(self, trunk: str, written: str) -> dict[str, str]:
        """A caller's number as the trunk wrote it, in the forms that may be kept."""
        known = next((t for t in self.settings.trunks if t.name == trunk), None)
        if known is None:
            number = numbers.canonical(written)
        else:
            number = numbers.canonical(written, known.country_code, known.area_code)
        return {
            "caller_hash": self._sealer.find(number),
            "caller_sealed": self._sealer.seal(number),
            "caller_masked": numbers.masked(number),
        }

    def _begin(self, call: LiveCall, stage: Stage) -> None:
        self._spawn(self._follow(call, stage), CALL_TASK + call.id)

    async def _follow(self, call: LiveCall, stage: Stage) -> None:
        try:
            await journey.run(call, stage)
        finally:
            self._directory.forget(call)

    # --- requests ---

    def _on_changes(self, changes: Sequence[Change]) -> None:
        new = self._floor.newcomers(changes)
        if new and self._settled.is_set() and self._telephones is not None:
            self._spawn(self._telephones.meet(new), "telephones of new seats")
        if self._desk.concerns(changes):
            self._desk_bell.set()

    def _dial(self, request: Request) -> None:
        self._spawn(self._call_out(request), "call out")

    async def _call_out(self, request: Request) -> None:
        """A person asked to call somebody back: her own telephone first."""
        try:
            call, stage = await outbound.start(self.parts, request)
        except outbound.CannotDial as error:
            await refuse(self.db, request, str(error))
        except (DatabaseUnavailable, ari.AriError) as error:
            log.warning("a call out could not be begun: %s", type(error).__name__)
            await refuse(self.db, request, "现在不能呼出，请稍后再试")
        else:
            self._begin(call, stage)
            await accept(self.db, request, call_id=call.id)

    async def _serve_desk(self) -> None:
        """Requests wake us by the feed; a slow look guarantees."""
        while True:
            try:
                async with asyncio.timeout(DESK_POLL_S):
                    await self._desk_bell.wait()
            except TimeoutError:
                log.debug("looking for requests")
            self._desk_bell.clear()
            try:
                await self._desk.serve()
            except DatabaseUnavailable as error:
                log.warning("requests could not be read: %s", error)


def asterisk_name(settings: Settings) -> str:
    """How the database calls an Asterisk: where its HTTP is, and our application there."""
    asterisk = settings.asterisk
    return f"{asterisk.host}:{asterisk.http_port}/{asterisk.app}"
