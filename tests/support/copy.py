"""A whole copy of the house for a test: Asterisk, database, controller, seats, citizens.

Everything lies on free ports and in directories of its own; nothing of a running copy is
touched. The controller is a process of its own, so that a test can kill it.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from agent_console.accounts import add_account
from config.model import Queue, Settings
from db import Database, connect
from db.engine import url_of
from db.migrate import migrate
from db.models import call as call_table
from db.models import call_event, leg, missed_call
from floor import calls, seats
from floor.calls import Call
from floor.seats import Seat
from hotline import wiring
from hotline.testphone import Citizen, SeatCall, Seats
from ivr import numbers
from ivr.ami import Ami
from recordings import catalogue
from recordings.catalogue import Recording
from tests.support import tones
from tests.support.asterisk import Running, running_asterisk
from tests.support.forked import ForkedPart
from tests.support.outside import Outside, leading_to, outside_of
from tests.support.settings import make_settings

T = TypeVar("T")
WITHIN_S = 20.0
"""Long enough for a busy machine; nothing is asserted about how long things take."""

LOOK_AGAIN_S = 0.05
NOBODY = "$argon2id$none"
"""A password hash that no password has."""


def quick(settings: Settings, directory: Path) -> Settings:
    """The shipped settings with short times and every announcement a tone of its own.

    Telephones ring for long: who answers late on a busy machine is in time all the same, and a
    test in which nobody answers says for how long.
    """
    recorded = directory / "announcements"
    tones.record(settings, recorded)
    brisk: dict[str, object] = {
        "ring_s": 30.0, "wrap_up_s": 0.0, "announce_first_s": 3.0, "announce_every_s": 3.0,
        "max_wait_s": 60.0, "overflow_wait_s": 60.0,
    }  # fmt: skip
    return replace(
        settings,
        asterisk=replace(settings.asterisk, managed=False),
        lines=tuple(replace(line, key_wait_s=1.5) for line in settings.lines),
        queues=tuple(replace(q, **brisk) for q in settings.queues),  # type: ignore[arg-type]
        announcements=replace(settings.announcements, recorded=recorded),
        recording=replace(settings.recording, min_free_mb=1),
    )


def with_queue(settings: Settings, name: str, **changed: object) -> Settings:
    """The settings with some fields of one queue changed."""

    def change(queue: Queue) -> Queue:
        return replace(queue, **changed) if queue.name == name else queue  # type: ignore[arg-type]

    return replace(settings, queues=tuple(change(queue) for queue in settings.queues))


@dataclass(slots=True)
class SeatAt:
    """A seat of the copy whose telephone is one of the farm's."""

    id: int
    account_id: int
    endpoint: str
    copy: Copy

    async def now(self) -> Seat:
        found = await self.copy.db.read(seats.get, self.id)
        assert found is not None
        return found

    async def is_in(self, *states: str, within_s: float = WITHIN_S) -> Seat:
        """Wait until the seat is in one of the states."""

        def look(conn: Connection) -> Seat | None:
            found = seats.get(conn, self.id)
            return found if found is not None and found.state in states else None

        return await self.copy.until(look, within_s, f"seat is {' or '.join(states)}")

    async def go_available(self) -> None:
        await self.copy.db.write(seats.go_available, self.id)

    async def pause(self, reason: str = "rest") -> None:
        await self.copy.db.write(seats.pause, self.id, reason)

    async def rung(self, within_s: float = WITHIN_S) -> SeatCall:
        """The call that rings this seat's telephone; nobody else's may ring before."""
        try:
            async with asyncio.timeout(within_s):
                call = await self.copy.telephones.rung(within_s)
                while call.endpoint in self.copy.gone:
                    call = await self.copy.telephones.rung(within_s)
        except TimeoutError:
            raise AssertionError(await self.copy.stands(f"{self.endpoint} was not rung")) from None
        assert call.endpoint == self.endpoint, f"{call.endpoint} rang, not {self.endpoint}"
        return call


class Copy:
    """A running copy. Made by `running_copy`."""

    def __init__(
        self,
        settings: Settings,
        asterisk: Running,
        db: Database,
        telephones: Seats,
        directory: Path,
        outside: Outside | None = None,
    ) -> None:
        self.settings = settings
        self.asterisk = asterisk
        self.db = db
        self.telephones = telephones
        self.directory = directory
        self._outside = outside
        self.pitch = tones.pitches(settings)
        self.controller = ForkedPart("controller", settings)
        self._sealer = wiring.sealer(settings)
        self._people = 0
        self._citizens = 0
        self.gone: set[str] = set()
        """Telephones of seats whose people went home: one may ring a last time, for nobody."""

    # --- people

    @property
    def outside(self) -> Outside:
        """The telephones at the far end of the trunk."""
        assert self._outside is not None, "running_copy(outside=True) has them"
        return self._outside

    async def seat(
        self, skills: dict[str, int] | None = None, *, available: bool = True, role: str = "agent"
    ) -> SeatAt:
        """Furnish a seat with a telephone of the farm, and have its person say 示闲."""
        self._people += 1
        login = f"seat{self._people}-{self.telephones.port}"
        chosen = {"business": 1} if skills is None else skills

        def furnish(conn: Connection) -> Seat:
            account = add_account(conn, login, f"话务员{self._people}", role, NOBODY)
            return seats.create(conn, account, f"话务员{self._people}", chosen)

        made = await self.db.write(furnish)
        endpoint = await self.asterisk.push_seat(made.id, self.telephones.port)
        seat = SeatAt(made.id, made.account_id, endpoint, self)
        # It never registers (its address is fixed), so Asterisk tells nobody that it is there.
        await self.db.write(seats.set_phone, made.id, True)
        if available:
            await seat.go_available()
        return seat

    def citizen(self, caller: str = "", number: str = "12345", **more: object) -> Citizen:
        """A citizen about to dial; each gets a number of his own unless one is given."""
        self._citizens += 1
        chosen = caller or f"1380000{self._citizens:04d}"
        return Citizen(
            ("127.0.0.1", self.asterisk.sip_port),
            caller=chosen,
            number=number,
            **more,  # type: ignore[arg-type]
        )

    async def everybody_goes(self, within_s: float = 20) -> None:
        """Between two tests: every call has ended, every seat goes home, the controller is there."""
        if self.controller.returncode is not None:
            await self.controller.start()
        await self.until(self.none_open, within_s, "every call has ended")
        self.gone.update(await self.db.write(_send_home))
        while self.telephones.rung_now() is not None:
            pass

    async def loses_controller(self) -> None:
        """kill -9; back when Asterisk has noticed: whoever came before that would wait in silence
        for the next controller, and not in the hands of the dialplan.
        """

        def noticed() -> int:
            log = self.asterisk.process.log_file
            return log.read_text(encoding="utf-8", errors="replace").count("WebSocket read error")

        before = noticed()
        await self.controller.kill()
        await self.until(lambda _: noticed() > before, what="Asterisk misses its controller")

    # --- what is kept

    async def until(
        self,
        ask: Callable[[Connection], T | None],
        within_s: float = WITHIN_S,
        what: str = "what was waited for",
    ) -> T:
        """Ask the database again and again until it answers something true."""
        try:
            async with asyncio.timeout(within_s):
                while not (found := await self.db.read(ask)):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise AssertionError(f"{what}: not within {within_s:g} s\n{self.log()}") from None
        return found

    def hash_of(self, citizen: Citizen) -> str:
        trunk = self.settings.trunks[0]
        return self._sealer.find(
            numbers.canonical(citizen.caller, trunk.country_code, trunk.area_code)
        )

    def newest_of(
        self, conn: Connection, citizen: Citizen, *, queued: bool = False, **wanted: object
    ) -> Call | None:
        """The citizen's newest call, if its columns are as wanted."""
        call_id = conn.execute(
            select(call_table.c.id)
            .where(call_table.c.caller_hash == self.hash_of(citizen))
            .order_by(call_table.c.started_ms.desc())
            .limit(1)
        ).scalar_one_or_none()
        row = calls.get(conn, call_id) if call_id else None
        if row is None or (queued and row.queued_ms is None):
            return None
        return row if all(getattr(row, k) == v for k, v in wanted.items()) else None

    async def call_of(self, citizen: Citizen, **wanted: object) -> Call:
        """The citizen's newest call, once its columns are as wanted (`stage="waiting"`)."""
        try:
            return await self.until(
                lambda conn: self.newest_of(conn, citizen, **wanted),  # type: ignore[arg-type]
                what=f"call with {wanted}",
            )
        except AssertionError as error:
            found = await self.db.read(lambda conn: self.newest_of(conn, citizen))
            events = await self.events_of(found.id) if found else []
            raise AssertionError(f"{error}\nfound {found} with {events}") from None

    def none_open(self, conn: Connection) -> bool:
        """Whether every call has ended."""
        still = select(call_table.c.id).where(call_table.c.ended_ms.is_(None))
        return conn.execute(still).first() is None

    def talking_call(self, conn: Connection, other_than: str = "") -> str | None:
        """The id of a call that is being talked on."""
        found = select(call_table.c.id).where(
            call_table.c.stage == "talking", call_table.c.id != other_than
        )
        return conn.execute(found.limit(1)).scalar_one_or_none()

    def recording_problem(self, conn: Connection, call_id: str) -> str | None:
        found = catalogue.of_call(conn, call_id)
        return found.problem if found is not None else None

    async def in_fallback(self, seat: SeatAt) -> None:
        """Make the seat a member of the fallback queue, as its sign-in does in life."""
        ami = Ami(
            self.asterisk.http, self.asterisk.url, self.asterisk.user, self.asterisk.ami_password
        )
        await ami.queue_add("fallback", f"PJSIP/{seat.endpoint}", seat.endpoint)

    async def events_of(self, call_id: str) -> list[str]:
        """The kinds of the call's history, in order."""
        statement = (
            select(call_event.c.kind)
            .where(call_event.c.call_id == call_id)
            .order_by(call_event.c.id)
        )
        return await self.db.read(lambda conn: list(conn.execute(statement).scalars()))

    async def legs_of(self, call_id: str) -> list[tuple[str, str | None]]:
        """Role and cause of each leg, in order; every one must have ended."""
        statement = select(leg.c.role, leg.c.cause, leg.c.ended_ms).where(leg.c.call_id == call_id)
        rows = await self.db.read(lambda conn: conn.execute(statement.order_by("started_ms")).all())
        assert all(row.ended_ms is not None for row in rows), f"a leg is still open: {rows}"
        return [(row.role, row.cause) for row in rows]

    async def missed_of(self, call_id: str) -> str | None:
        """The kind of missed call this became; None when it became none."""
        statement = select(missed_call.c.kind).where(missed_call.c.call_id == call_id)
        return await self.db.read(lambda conn: conn.execute(statement).scalar_one_or_none())

    async def recording_of(self, call_id: str, *states: str) -> Recording:
        """The recording once it is filed (or in another of the states)."""
        wanted = states or ("filed",)

        def look(conn: Connection) -> Recording | None:
            found = catalogue.of_call(conn, call_id)
            return found if found is not None and found.state in wanted else None

        return await self.until(look, 15, f"recording is {' or '.join(wanted)}")

    async def complete(self, citizen: Citizen, end_reason: str) -> Call:
        """The call's record once it has ended: every part of it must be there."""
        row = await self.call_of(citizen, stage="ended", end_reason=end_reason)
        assert row.ended_ms is not None
        assert row.ended_ms >= row.started_ms
        events = await self.events_of(row.id)
        assert events[0] == "arrived"
        assert events[-1] == "ended"
        await self.legs_of(row.id)
        await self.recording_of(row.id, "filed", "failed", "empty")
        return row

    async def stands(self, what: str) -> str:
        """How everything stands, for a test that failed because of `what`."""
        everybody = await self.db.read(seats.all_seats)
        newest = await self.db.read(
            lambda conn: conn.execute(
                select(call_table.c.stage, call_event.c.kind, call_event.c.detail)
                .join(call_event, call_event.c.call_id == call_table.c.id)
                .order_by(call_event.c.id.desc())
                .limit(12)
            ).all()
        )
        at = [(seat.endpoint, seat.state, seat.phone_ready) for seat in everybody]
        sipp = self.telephones.complaint()
        return f"{what}\nseats {at}\nnewest events first {newest}\nSIPp {sipp}\n{self.log()}"

    def log(self) -> str:
        """The end of the controller's log and of Asterisk's, for a failed test."""
        parts = [self.settings.var / "log" / "controller.log", self.asterisk.process.log_file]
        texts = [
            "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-25:])
            for path in parts
            if path.exists()
        ]
        return "\n--\n".join(texts)


def _send_home(conn: Connection) -> list[str]:
    """Every seat is left; their telephones."""
    everybody = seats.all_seats(conn)
    for one in everybody:
        if one.state == "wrap_up":
            seats.end_wrap_up(conn, one.id)
        seats.go_offline(conn, one.id)
    return [one.endpoint for one in everybody]


@asynccontextmanager
async def running_copy(
    settings: Callable[[Settings], Settings] | None = None,
    *,
    database_url: str = "",
    outside: bool = False,
) -> AsyncIterator[Copy]:
    """Start everything, hand it out, stop it. `settings` changes those of `quick`.

    With `outside` somebody is there to be called over the trunk.
    """
    async with AsyncExitStack() as stack:
        short = stack.enter_context(tempfile.TemporaryDirectory(prefix="hl-"))
        directory = Path(short)
        chosen = quick(make_settings(directory, database_url=database_url), directory)
        chosen = settings(chosen) if settings is not None else chosen
        far_end = None
        if outside:
            far_end = await stack.enter_async_context(outside_of(chosen))
            chosen = leading_to(chosen, far_end.port)
        url = url_of(chosen.database_url, chosen.var)
        chosen.var.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(migrate, url)
        asterisk = await stack.enter_async_context(running_asterisk(settings=chosen))
        db = await connect(url)
        stack.push_async_callback(db.close)
        telephones = await stack.enter_async_context(Seats(("127.0.0.1", asterisk.sip_port)))
        copy = Copy(chosen, asterisk, db, telephones, directory, far_end)
        stack.push_async_callback(copy.controller.stop)
        await copy.controller.start()
        yield copy
