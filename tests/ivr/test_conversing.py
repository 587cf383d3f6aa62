"""Conversations in the database: legs, seats and sums of times after every kind of transfer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from db import Database
from db.clock import as_of
from db.models import leg, leg_span, seat_history
from floor import calls, seats
from ivr import conversation as c
from ivr import conversing, doors
from ivr.conversation import Conversation, Event, Note, Outcome, Target
from ivr.conversation_table import decide
from tests.floor.furnishing import ASTERISK, new_call_id, seat_in
from tickets import store

ZONE = ZoneInfo("Asia/Shanghai")
DAWN_MS = 1_795_305_600_000
WRAP_UP_S = 60.0


class Stage:
    """A call that talks, and the steps that are made with it; time passes only in `after_s`."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.at_ms = DAWN_MS
        self.call_id = new_call_id()
        self.agent = seat_in(conn, "available").id
        self.colleague = seat_in(conn, "available").id
        self.boss = seat_in(conn, "paused").id
        with as_of(self.at_ms):
            self._begin()
        row = calls.get(conn, self.call_id)
        assert row is not None
        found = conversing.read(row)
        assert found is not None
        self.now: Conversation = found

    def _begin(self) -> None:
        doors.arrive(
            self.conn,
            call_id=self.call_id,
            asterisk=ASTERISK,
            line="main",
            trunk="local",
            caller_hash="h1",
            caller_sealed="sealed",
            caller_masked="138****0001",
            channel=self.id("in"),
        )
        seat, channel = self.agent, self.id("agent")
        doors.queue_up_and_offer(self.conn, self.call_id, "business", {}, seat, channel)
        seats.ring(self.conn, seat)
        doors.answer(self.conn, self.call_id, seat, channel, f"br-{self.call_id}", ZONE)

    def id(self, name: str) -> str:
        """The channel of that name: of this call alone."""
        return f"{name}-{self.call_id}"

    def does(self, name: str, after_s: float = 10.0, **given: Any) -> Outcome:
        """An event, so long after the one before, decided and written down."""
        self.at_ms += int(after_s * 1000)
        for field in ("leg", "spare"):
            if field in given:
                given[field] = self.id(given[field])
        with as_of(self.at_ms):
            outcome = decide(self.now, Event(name, **given), self.at_ms)
            self._write(outcome)
        self.now = outcome.conversation
        return outcome

    def _write(self, outcome: Outcome) -> None:
        notes = [action for action in outcome.actions if isinstance(action, Note)]
        for action in outcome.actions:
            if isinstance(action, c.End):
                doors.end(self.conn, self.call_id, action.reason, WRAP_UP_S)
                return
            if isinstance(action, c.Requeue):
                queue = action.queue or "business"
                doors.back_to_queue(
                    self.conn,
                    self.call_id,
                    queue,
                    action.head,
                    action.hint,
                    outcome.causes,
                    WRAP_UP_S,
                )
                return
        args = (self.now, outcome.conversation, notes, outcome.causes, WRAP_UP_S)
        conversing.converse(self.conn, self.call_id, *args)

    def expert_comes(self, verb: str = "consult", name: str = "expert") -> None:
        """Rung for ten seconds, told for ten, then in."""
        target = Target("expert", "7", "张三（市场监管局）", expert_id=None)
        self.does(verb, leg=name, target=target)
        self.does("party_answered", leg=name)
        self.does("party_ready", leg=name)

    def colleague_comes(self, verb: str = "consult") -> None:
        target = Target("seat", str(self.colleague), "座席2", self.colleague)
        self.does(verb, leg="colleague", target=target)
        self.does("party_answered", leg="colleague")

    def ends(self) -> None:
        self.does("caller_gone")

    # --- what is there ---

    def times(self) -> dict[str, dict[str, float]]:
        """What each leg did for how many seconds, by the name of its channel."""
        s = leg_span.c
        found: dict[str, dict[str, float]] = {}
        spans = select(s.leg_id, s.what, s.from_ms, s.to_ms, s.seat_id)
        for leg_id, what, began, ended, _ in self.conn.execute(
            spans.where(s.call_id == self.call_id).order_by(s.id)
        ):
            assert ended is not None, f"{leg_id} is doing {what} for ever"
            of_leg = found.setdefault(leg_id.partition("-")[0], {})
            of_leg[what] = of_leg.get(what, 0) + (ended - began) / 1000
        return found

    def causes(self) -> dict[str, str | None]:
        found = select(leg.c.id, leg.c.cause).where(leg.c.call_id == self.call_id)
        return {name.partition("-")[0]: why for name, why in self.conn.execute(found)}

    def state_of(self, seat_id: int) -> str:
        found = seats.get(self.conn, seat_id)
        assert found is not None
        return found.state


async def on_stage(database: Database, act: Callable[[Stage], None]) -> None:
    """Play it in one transaction that is kept."""

    def play(conn: Connection) -> None:
        act(Stage(conn))

    await database.write(play)


# --- sums of times, transfer by transfer ---


def a_hold(s: Stage) -> None:
    s.does("hold", 30)
    s.does("resume", 20)
    s.ends()


def blind_to_queue(s: Stage) -> None:
    s.does("transfer", 30, target=Target("queue", "general", "政策咨询"))


def blind_to_seat(s: Stage) -> None:
    s.colleague_comes("transfer")
    s.does("hold", 30)
    s.does("resume", 5)
    s.ends()


def blind_to_expert(s: Stage) -> None:
    s.expert_comes("transfer")
    s.does("party_gone", 40, leg="expert", spare="again")


def attended(s: Stage) -> None:
    s.expert_comes()
    s.does("leave", 20)
    s.does("party_gone", 60, leg="expert", spare="again")


def attended_to_colleague(s: Stage) -> None:
    s.colleague_comes()
    s.does("leave", 20)
    s.ends()


def conference(s: Stage) -> None:
    s.expert_comes()
    s.does("join", 20)
    s.does("drop", 30, leg="expert")
    s.ends()


def swapped(s: Stage) -> None:
    s.expert_comes()
    s.does("swap", 20)
    s.does("swap", 15)
    s.does("back", 5)
    s.ends()


def taken_over(s: Stage) -> None:
    s.does("listen", leg="boss", seat=s.boss, label="班长")
    s.does("supervisor_answered", leg="boss")
    s.does("take_over", 30, seat=s.boss)
    s.ends()


def lost_and_back(s: Stage) -> None:
    s.does("agent_lost", 30, leg="agent", cause=44)
    s.does("agent_back", 12, spare="again")
    s.does("agent_answered", 3, leg="again")
    s.ends()


def lost_for_good(s: Stage) -> None:
    s.does("agent_lost", 30, leg="agent", cause=44)
    s.does("grace_over", 30, spare="again", cause=c.NO_ANSWER)


def failed_and_back(s: Stage) -> None:
    s.does("transfer", leg="expert", target=Target("number", "", "138****9001"))
    s.does("party_gone", 25, leg="expert", cause=17, spare="again")
    s.does("agent_answered", 4, leg="again")
    s.ends()


SUMS: list[tuple[Callable[[Stage], None], dict[str, dict[str, float]]]] = [
    (a_hold, {"in": {"talk": 40, "hold": 20}, "agent": {"talk": 40, "hold": 20}}),
    (blind_to_queue, {"in": {"talk": 30}, "agent": {"talk": 30}}),
    (
        blind_to_seat,
        {
            "in": {"talk": 10 + 30 + 10, "hold": 10 + 5},
            "agent": {"talk": 10},
            "colleague": {"talk": 30 + 10, "hold": 5},
        },
    ),
    (
        blind_to_expert,
        {"in": {"talk": 10 + 40, "hold": 20}, "agent": {"talk": 10}, "expert": {"talk": 40}},
    ),
    (
        attended,
        {
            "in": {"talk": 10 + 60, "hold": 20 + 20},
            "agent": {"talk": 10, "hold": 20, "consult": 20},
            "expert": {"consult": 20, "talk": 60},
        },
    ),
    (
        attended_to_colleague,
        {
            "in": {"talk": 10 + 10, "hold": 10 + 20},
            "agent": {"talk": 10, "hold": 10, "consult": 20},
            "colleague": {"consult": 20, "talk": 10},
        },
    ),
    (
        conference,
        {
            "in": {"talk": 10 + 30 + 10, "hold": 20 + 20},
            "agent": {"talk": 10 + 30 + 10, "hold": 20, "consult": 20},
            "expert": {"consult": 20, "talk": 30},
        },
    ),
    (
        swapped,
        {
            "in": {"talk": 10 + 15 + 10, "hold": 20 + 20 + 5},
            "agent": {"talk": 10 + 15 + 10, "hold": 20, "consult": 20 + 5},
            "expert": {"consult": 20 + 5, "hold": 15},
        },
    ),
    (
        taken_over,
        {"in": {"talk": 60}, "agent": {"talk": 50}, "boss": {"listen": 30, "talk": 10}},
    ),
    (
        lost_and_back,
        {"in": {"talk": 30 + 10, "hold": 15}, "agent": {"talk": 30}, "again": {"talk": 10}},
    ),
    (lost_for_good, {"in": {"talk": 30, "hold": 30}, "agent": {"talk": 30}}),
    (
        failed_and_back,
        {"in": {"talk": 10 + 10, "hold": 29}, "agent": {"talk": 10}, "again": {"talk": 10}},
    ),
]


@pytest.mark.parametrize(("act", "sums"), SUMS, ids=[act.__name__ for act, _ in SUMS])
async def test_the_sums_of_times_are_right(
    database: Database, act: Callable[[Stage], None], sums: dict[str, dict[str, float]]
) -> None:
    def check(s: Stage) -> None:
        act(s)
        assert s.times() == sums

    await on_stage(database, check)


# --- seats come free as they should ---


@pytest.mark.parametrize(
    ("act", "agent", "colleague", "boss"),
    [
        (blind_to_queue, "wrap_up", "available", "paused"),
        (blind_to_seat, "wrap_up", "wrap_up", "paused"),
        (attended, "wrap_up", "available", "paused"),
        (attended_to_colleague, "wrap_up", "wrap_up", "paused"),
        (taken_over, "wrap_up", "available", "wrap_up"),
        (lost_and_back, "wrap_up", "available", "paused"),
        (lost_for_good, "offline", "available", "paused"),
        (failed_and_back, "wrap_up", "available", "paused"),
    ],
)
async def test_every_seat_comes_free(
    database: Database, act: Callable[[Stage], None], agent: str, colleague: str, boss: str
) -> None:
    def check(s: Stage) -> None:
        act(s)
        found = [s.state_of(seat) for seat in (s.agent, s.colleague, s.boss)]
        assert found == [agent, colleague, boss]

    await on_stage(database, check)


async def test_a_colleague_who_is_dropped_has_nothing_to_write(database: Database) -> None:
    def check(s: Stage) -> None:
        s.colleague_comes()
        s.does("back")
        assert (s.state_of(s.agent), s.state_of(s.colleague)) == ("talking", "available")
        assert s.causes()["colleague"] == "dropped"

    await on_stage(database, check)


async def test_a_colleague_who_does_not_answer_is_not_rung_again(database: Database) -> None:
    def check(s: Stage) -> None:
        target = Target("seat", str(s.colleague), "座席2", s.colleague)
        s.does("consult", leg="colleague", target=target)
        s.does("party_gone", 40, leg="colleague", cause=c.NO_ANSWER, spare="again")
        assert s.state_of(s.colleague) == "no_answer"

    await on_stage(database, check)


async def test_a_colleague_whose_ringing_is_cancelled_is_free_as_before(database: Database) -> None:
    def check(s: Stage) -> None:
        target = Target("seat", str(s.colleague), "座席2", s.colleague)
        s.does("consult", leg="colleague", target=target)
        s.does("cancel")
        assert s.state_of(s.colleague) == "available"
        assert s.causes()["colleague"] == "cancelled"

    await on_stage(database, check)


async def test_who_comes_back_and_misses_it_was_never_available(database: Database) -> None:
    def check(s: Stage) -> None:
        s.does("transfer", leg="expert", target=Target("number", "", "138****9001"))
        s.does("party_gone", leg="expert", cause=17, spare="again")
        s.does("agent_not_answered", 25, leg="again", cause=c.NO_ANSWER)
        assert s.state_of(s.agent) == "no_answer"
        h = seat_history.c
        states = select(h.to_state).where(h.seat_id == s.agent).order_by(h.id)
        assert [state for (state,) in s.conn.execute(states)][-4:] == [
            "wrap_up",
            "reserved",
            "ringing",
            "no_answer",
        ]

    await on_stage(database, check)


async def test_a_supervisor_goes_back_to_her_pause(database: Database) -> None:
    def check(s: Stage) -> None:
        s.does("listen", leg="boss", seat=s.boss, label="班长")
        s.does("supervisor_answered", leg="boss")
        assert s.state_of(s.boss) == "talking"
        s.does("stop", 15, seat=s.boss)
        assert s.state_of(s.boss) == "paused"
        s.ends()
        assert s.times()["boss"] == {"listen": 15}

    await on_stage(database, check)


# --- the row, the ticket, the history ---


async def test_the_unfinished_ticket_goes_with_the_call(database: Database) -> None:
    def check(s: Stage) -> None:
        s.colleague_comes()
        s.does("leave")
        row = calls.get(s.conn, s.call_id)
        assert row is not None
        assert (row.owner_seat_id, row.seat_id) == (s.colleague, s.colleague)
        found = store.of_call(s.conn, s.call_id)
        owner = seats.get(s.conn, s.colleague)
        assert found is not None
        assert owner is not None
        assert found.account_id == owner.account_id

    await on_stage(database, check)


async def test_what_is_kept_is_read_again_as_it_was(database: Database) -> None:
    def check(s: Stage) -> None:
        s.expert_comes()
        s.does("mute", leg="expert")
        s.does("listen", leg="boss", seat=s.boss, label="班长", account=9)
        row = calls.get(s.conn, s.call_id)
        assert row is not None
        assert conversing.read(row) == s.now
        assert row.talk_state == s.now.state == "consulting"
        assert [party["leg"] for party in row.parties] == [leg.id for leg in s.now.legs]

    await on_stage(database, check)


async def test_when_a_seat_is_not_free_nothing_is_written(database: Database) -> None:
    made: list[Stage] = []

    def begin(conn: Connection) -> None:
        stage = Stage(conn)
        seats.pause(conn, stage.colleague, "meal")
        made.append(stage)

    await database.write(begin)
    (s,) = made

    def everything(conn: Connection) -> list[Any]:
        tables = (leg, leg_span, seat_history)
        counts = [len(conn.execute(select(table.c.call_id)).all()) for table in tables[:2]]
        row = calls.get(conn, s.call_id)
        return [*counts, row, [seats.get(conn, seat) for seat in (s.agent, s.colleague)]]

    def ring(conn: Connection) -> None:
        target = Target("seat", str(s.colleague), "座席2", s.colleague)
        s.conn = conn
        s.does("consult", leg="colleague", target=target)

    before = await database.read(everything)
    with pytest.raises(seats.NotNow):
        await database.write(ring)
    assert await database.read(everything) == before
