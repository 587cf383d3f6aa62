"""Any sequence of what can happen to a seat, held against a model of ten lines."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, select

from db.feed import changes_since
from db.models import seat_history
from db.models.seat import STATES
from floor import seats
from floor.seats import NotNow, Seat
from tests.db.databases import plain_sqlite
from tests.floor.furnishing import new_call_id, new_seat
from tests.support.examples import examples

IN_A_CALL = ("reserved", "ringing", "talking")
FREE = ("offline", "available", "paused", "no_answer", "wrap_up")

# What a person or a call does → from which states it can, and where it leads.
SIMPLE: dict[str, tuple[tuple[str, ...], str]] = {
    "go_available": (("offline", "paused", "no_answer", "wrap_up"), "available"),
    "reserve": (("available",), "reserved"),
    "ring": (("reserved",), "ringing"),
    "answer": (("ringing",), "talking"),
    "cut_off": (IN_A_CALL, "offline"),
}


class SeatMachine(RuleBasedStateMachine):
    """The real doors on the left, the model (state, wish, phone) on the right."""

    state = "offline"
    wish: str | None = None
    phone = True

    @initialize()
    def furnish(self) -> None:
        self.stack = contextlib.ExitStack()
        self.conn: Connection = self.stack.enter_context(plain_sqlite())
        self.seat = new_seat(self.conn)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def does(self, verb: str, *args: Any) -> Seat | None:
        """Do it for real; None when it was refused."""
        before = seats.get(self.conn, self.seat.id)
        try:
            after: Seat = getattr(seats, verb)(self.conn, self.seat.id, *args)
        except NotNow as refusal:
            refused = refusal
        else:
            return after
        assert refused.seat == before == seats.get(self.conn, self.seat.id)
        return None

    def becomes(self, done: Seat | None, expected: str | None) -> None:
        assert (done.state if done else None) == expected
        if expected is not None:
            self.state = expected
            if expected not in (*IN_A_CALL, "wrap_up"):
                self.wish = None

    @rule(verb=st.sampled_from(sorted(SIMPLE)))
    def simple(self, verb: str) -> None:
        sources, target = SIMPLE[verb]
        args = {"reserve": (new_call_id(),), "cut_off": ("recovered",)}.get(verb, ())
        self.becomes(self.does(verb, *args), target if self.state in sources else None)

    @rule()
    def is_called_and_answers(self) -> None:
        """The usual way, whole: else hardly an example gets to the end of a talk."""
        for verb in ("go_available", "reserve", "ring", "answer"):
            self.simple(verb)

    @rule(reason=st.sampled_from(["rest", "meal"]))
    def pause(self, reason: str) -> None:
        done = self.does("pause", reason)
        if self.state in IN_A_CALL:
            self.wish = "paused"
            self.becomes(done, self.state)
        else:
            self.becomes(done, "paused" if self.state != "paused" else None)

    @rule()
    def go_offline(self) -> None:
        done = self.does("go_offline")
        if self.state in IN_A_CALL:
            self.wish = "offline"
            self.becomes(done, self.state)
        else:
            self.becomes(done, "offline")

    @rule(ready=st.booleans())
    def phone_changes(self, ready: bool) -> None:
        lost = not ready and self.state in ("available", "no_answer")
        self.becomes(self.does("set_phone", ready), "offline" if lost else self.state)
        self.phone = ready

    def after_call(self) -> str:
        if self.wish == "paused":
            return "paused"
        return "offline" if self.wish == "offline" or not self.phone else "available"

    @rule()
    def release(self) -> None:
        ready = self.state in ("reserved", "ringing")
        self.becomes(self.does("release"), self.after_call() if ready else None)

    @rule()
    def not_answered(self) -> None:
        expected = self.after_call()
        if expected == "available":
            expected = "no_answer"
        rings = self.state == "ringing"
        self.becomes(self.does("not_answered"), expected if rings else None)

    @rule(wrap_up_s=st.sampled_from([0.0, 60.0]))
    def end_call(self, wrap_up_s: float) -> None:
        done = self.does("end_call", wrap_up_s)
        if self.state != "talking":
            self.becomes(done, None)
        else:
            self.becomes(done, "wrap_up" if wrap_up_s else self.after_call())

    @rule()
    def end_wrap_up(self) -> None:
        done = self.does("end_wrap_up")
        self.becomes(done, self.after_call() if self.state == "wrap_up" else None)

    @invariant()
    def stands_as_the_model(self) -> None:
        if not hasattr(self, "conn"):
            return
        found = seats.get(self.conn, self.seat.id)
        assert found is not None
        assert (found.state, found.phone_ready, found.after_call) == (
            self.state,
            self.phone,
            self.wish,
        )
        assert (found.call_id is not None) == (self.state in (*IN_A_CALL, "wrap_up"))
        assert (found.wrap_up_until_ms is not None) == (self.state == "wrap_up")
        h = seat_history.c
        rows = self.conn.execute(select(h.from_state, h.to_state).order_by(h.id)).all()
        states = ["offline", *(after for _, after in rows)]
        assert [before for before, _ in rows] == states[:-1]
        assert states[-1] == self.state
        newest = changes_since(self.conn, 0, 1_000_000)[-1]
        assert Seat.of_shown(newest.data) == found


SeatMachine.TestCase.settings = hypothesis_settings(
    max_examples=examples(150), stateful_step_count=30
)
TestSeat = SeatMachine.TestCase


def test_the_model_knows_every_state() -> None:
    assert {*IN_A_CALL, *FREE} == set(STATES)
