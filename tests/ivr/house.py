"""A whole controller in virtual time: real database, real journey, an Asterisk of plain objects."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from sqlalchemy import Connection, Select, insert, select

from config.model import Settings
from db import Database
from db.clock import now_ms
from db.keyring import KEY_BYTES
from db.models import blocked_number, call_event, leg, missed_call, recording, seat_history, ticket
from db.sealed import Sealer
from floor import call_words, calls, controllers, requests, seats
from floor.calls import Call
from floor.requests import Request
from floor.seats import Seat
from ivr import ari, controller
from ivr.controller import Controller
from ivr.speech.prompts import Prompts
from tests.db.databases import new_sqlite
from tests.floor.furnishing import new_call_id, person
from tests.ivr.fake_asterisk import SENTENCE_S, FakeAsterisk, FakeClient, Phone
from tests.ivr.inline_db import InlineDatabase
from tests.ivr.virtual import calm, run
from tests.support.settings import shipped as as_shipped

NUMBER = "13800000001"


class FakePrompts:
    """Every sentence lasts `SENTENCE_S`; media are named as they are asked for."""

    def media(self, name: str) -> str:
        return f"sound:{name}"

    def number(self, number: int) -> list[str]:
        return [f"sound:digits/{number}"]

    def length_s(self, name: str) -> float:
        return SENTENCE_S


class FakeAmi:
    """Pauses recordings of the fake Asterisk; its fallback queue is a set."""

    asterisk: FakeAsterisk

    def __init__(self, *_: Any) -> None:
        self.members: set[str] = set()

    async def mixmonitor(self, channel: str, file: str, options: str) -> None:
        assert channel not in self.asterisk.recorded, "it is recorded twice"
        assert options == "D"
        self.asterisk.recorded[channel] = file
        await asyncio.to_thread(Path(file).touch)

    async def mixmonitor_mute(self, channel: str, muted: bool) -> None:
        self.asterisk.muted[channel] = muted

    async def queue_add(self, _queue: str, interface: str, _name: str) -> None:
        self.members.add(interface)

    async def queue_remove(self, _queue: str, interface: str) -> None:
        self.members.discard(interface)


class FakeRecorder:
    """Notes which recordings were to be filed."""

    due: list[str]

    def __init__(self, settings: Settings, *_: Any) -> None:
        self.space_low = False
        self._spool = settings.spool

    def raw(self, call_id: str) -> Path:
        return self._spool / f"{call_id}.raw"

    def watch(self, call_id: str) -> None: ...

    def file_later(self, call_id: str) -> None:
        self.due.append(call_id)

    async def file_all(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def look_for_space(self) -> None:
        await asyncio.get_running_loop().create_future()


@dataclass
class Citizen:
    """Who called, and how to speak for him."""

    house: House
    call_id: str
    channel: str

    def presses(self, key: str) -> None:
        self.house.asterisk.presses(self.channel, key)

    def hangs_up(self) -> None:
        self.house.asterisk.hangs_up(self.channel)

    @property
    def there(self) -> bool:
        return self.channel in self.house.asterisk.legs

    @property
    def row(self) -> Call:
        found = self.house.db.now(calls.get, self.call_id)
        assert found is not None, "the call was never written down"
        return cast(Call, found)

    @property
    def heard(self) -> list[str]:
        return self.house.asterisk.heard.get(self.channel, [])

    @property
    def events(self) -> list[str]:
        return [kind for kind, _ in self.house.events(self.call_id)]

    def hears_music(self) -> bool:
        return self.house.asterisk.legs[self.channel].music

    @property
    def talks_with(self) -> int | None:
        """The seat whose telephone is in a bridge with him."""
        for inside in self.house.asterisk.bridges.values():
            others = [one for one in inside if one != self.channel]
            if self.channel in inside and others:
                name = self.house.asterisk.legs[others[0]].name
                return int(name.removeprefix("PJSIP/seat-")[:6])
        return None


class House:
    """What tests hold in their hands."""

    def __init__(self, settings: Settings, directory: Path, latency_s: float) -> None:
        self.settings = settings
        self.url = new_sqlite(directory)
        self.latency_s = latency_s
        self.db = InlineDatabase(self.url, latency_s)
        self.asterisk = FakeAsterisk(settings.asterisk.app)
        self.filed: list[str] = []
        self.controller: Controller
        self._task: asyncio.Task[None] | None = None

    # --- the controller's life ---

    async def start(self) -> None:
        """Start a controller and wait until it takes calls."""
        recorder = type("Recorder", (FakeRecorder,), {"due": self.filed})
        ami = type("Ami", (FakeAmi,), {"asterisk": self.asterisk})
        with (
            patch.object(ari, "Client", FakeClient.of(self.asterisk)),
            patch.object(controller, "Recorder", recorder),
            patch.object(controller, "Ami", ami),
        ):
            self.controller = Controller(
                self.settings,
                cast(Database, self.db),
                cast(Prompts, FakePrompts()),
                Sealer(b"k" * KEY_BYTES),
                ari_password="-",
                ami_password="-",
            )
            self._task = asyncio.create_task(self.controller.run(), name="controller")
            ready = asyncio.create_task(self.controller.ready())
            await asyncio.wait((self._task, ready), return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                ready.cancel()
                self._task.result()
        await calm()

    async def kill(self) -> None:
        """`kill -9`: nothing more is written, said or asked; Asterisk goes on."""
        assert self._task is not None
        if self.asterisk.client is not None:
            self.asterisk.client.die()
        self.db.die()
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task
        await calm()
        await self.db.close()
        self.db = InlineDatabase(self.url, self.latency_s)

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def failed(self) -> BaseException | None:
        """What the controller ended with, if it did."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    # --- who is there ---

    def new_seat(
        self,
        skills: Mapping[str, int] | None = None,
        phone: Phone | None = None,
        state: str = "available",
    ) -> int:
        """A seat with its telephone; available unless told otherwise."""
        chosen = dict(skills or {"business": 1})

        def furnish(conn: Connection) -> Seat:
            owner = person(conn)
            made = seats.create(conn, owner, f"座席{owner}", chosen)
            seats.set_phone(conn, made.id, True)
            if state == "available":
                return seats.go_available(conn, made.id)
            return made

        made: Seat = self.db.do(furnish)
        self.asterisk.phones[made.endpoint] = phone or Phone()
        return made.id

    def phone(self, seat_id: int) -> Phone:
        return self.asterisk.phones[seats.endpoint_of(seat_id)]

    def new_caller(self, number: str = NUMBER, dialled: str = "12345") -> Citizen:
        call_id = new_call_id()
        return Citizen(self, call_id, self.asterisk.dials_in(call_id, number, dialled))

    async def caller_waits(self, key: str = "1") -> Citizen:
        """A caller who pressed a key at once."""
        citizen = self.new_caller()
        await calm()
        citizen.presses(key)
        await calm()
        return citizen

    def block(self, number: str = NUMBER) -> None:
        def write(conn: Connection) -> None:
            conn.execute(
                insert(blocked_number),
                {
                    "caller_hash": Sealer(b"k" * KEY_BYTES).find(number),
                    "caller_masked": "138****0001",
                    "reason": "nuisance",
                    "since_ms": now_ms(),
                },
            )

        self.db.do(write)

    # --- what is known of it ---

    def look(self, query: Select[Any]) -> list[Any]:
        """The rows of a query."""
        return list(self.db.now(lambda conn: conn.execute(query).all()))

    def seat(self, seat_id: int) -> Seat:
        found = self.db.now(seats.get, seat_id)
        assert found is not None
        return cast(Seat, found)

    def seat_states(self, seat_id: int) -> list[str]:
        """Every state the seat went into, in order."""
        h = seat_history.c
        return [
            state
            for (state,) in self.look(select(h.to_state).where(h.seat_id == seat_id).order_by(h.id))
        ]

    def events(self, call_id: str) -> list[tuple[str, dict[str, Any]]]:
        e = call_event.c
        found = select(e.kind, e.detail).where(e.call_id == call_id).order_by(e.id)
        return [(kind, detail) for kind, detail in self.look(found)]

    def missed(self, call_id: str) -> list[tuple[str, str]]:
        m = missed_call.c
        return [(k, s) for k, s in self.look(select(m.kind, m.state).where(m.call_id == call_id))]

    def tickets(self, call_id: str) -> list[tuple[str, str, int | None]]:
        t = ticket.c
        found = select(t.source, t.state, t.account_id).where(t.call_id == call_id)
        return [(source, state, owner) for source, state, owner in self.look(found)]

    def asks(self, call_id: str, verb: str, **args: Any) -> Request:
        """A button pressed at a screen."""
        asked: Request = self.db.do(requests.put, 1, call_id, verb, args)
        return asked

    def answer(self, asked: Request) -> Request:
        found = self.db.now(requests.get, asked.id)
        assert found is not None
        return cast(Request, found)

    def check_record(self, call_id: str) -> Call:
        """Whatever became of a call: its record is whole, and nothing of it is left over."""
        row = self.db.now(calls.get, call_id)
        assert row is not None
        assert (row.stage, row.ended_ms is not None) == ("ended", True), row.stage
        assert row.end_reason in call_words.END_REASONS
        assert not row.held
        events = self.events(call_id)
        assert events[0][0] == "arrived"
        assert events[-1] == ("ended", {"reason": row.end_reason})
        assert [kind for kind, _ in events].count("ended") == 1
        assert {kind for kind, _ in events} <= set(call_words.EVENT_KINDS)
        open_legs = select(leg.c.id).where(leg.c.call_id == call_id, leg.c.ended_ms.is_(None))
        assert self.look(open_legs) == []
        for seat in self.db.now(seats.all_seats):
            if seat.call_id == call_id:
                assert seat.state == "wrap_up", f"a seat is left {seat.state} with an ended call"
        assert self.filed.count(call_id) >= 1, "its recording is never filed"
        assert len(self.look(select(recording.c.id).where(recording.c.call_id == call_id))) == 1
        assert (len(self.tickets(call_id)) == 1) == (
            row.talk_ms is not None or "message" in {k for k, _ in events}
        )
        return cast(Call, row)

    def check_nothing_left(self) -> None:
        """No channel, no bridge and no place belongs to a call that is over."""
        assert self.asterisk.legs == {}
        assert self.asterisk.bridges == {}
        assert self.controller.parts.floor.waiting == 0
        assert self.controller.parts.directory.calls() == []


def shipped(**changes: Any) -> Settings:
    """The shipped settings; `changes` are fields of Settings."""
    return replace(as_shipped(), **changes)


def of_queue(name: str, base: Settings | None = None, **changes: Any) -> Settings:
    """The shipped settings with one queue changed."""
    before = base or shipped()
    return replace(
        before,
        queues=tuple(replace(q, **changes) if q.name == name else q for q in before.queues),
    )


def of_line(base: Settings | None = None, **changes: Any) -> Settings:
    """The shipped settings with their line changed."""
    before = base or shipped()
    (line,) = before.lines
    return replace(before, lines=(replace(line, **changes),))


def closed_always(**changes: Any) -> Settings:
    """A line that is never staffed."""
    base = of_line(hours="office")
    (office,) = base.hours
    closed = replace(office, weekdays=(), follow_public_holidays=False, **changes)
    return replace(base, hours=(closed,))


Scenario = Callable[..., Coroutine[Any, Any, None]]


def in_a_house(
    settings: Callable[[], Settings] = shipped,
) -> Callable[[Scenario], Callable[..., None]]:
    """Run a scenario in virtual time, in a house of its own, handed to it first."""

    def decorate(scenario: Scenario) -> Callable[..., None]:
        names = list(inspect.signature(scenario).parameters)[1:]

        def test(**params: Any) -> None:
            async def go() -> None:
                async with house(settings()) as made:
                    await scenario(made, **params)
                    assert made.failed() is None, "the controller died"

            run(go)

        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        test.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
        )
        return test

    return decorate


@contextlib.asynccontextmanager
async def house(
    settings: Settings | None = None, *, latency_s: float = 0.0, start: bool = True
) -> AsyncIterator[House]:
    """A house with a controller that is ready."""
    with tempfile.TemporaryDirectory(prefix="hl-house-") as name:
        directory = Path(name)
        chosen = replace(settings or shipped(), var=directory)
        chosen.spool.mkdir()
        made = House(chosen, directory, latency_s)
        # Neither heartbeats nor slow looks are waited for here: fewer of them, quicker tests.
        with (
            patch.object(controllers, "BEAT_S", 60.0),
            patch.object(controller, "DESK_POLL_S", 60.0),
        ):
            try:
                if start:
                    await made.start()
                yield made
            finally:
                await made.stop()
                await made.db.close()
