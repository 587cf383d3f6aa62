"""A seat, state by state and verb by verb: each cell moves to exactly one state or is refused."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from db import Database
from db.feed import changes_since
from db.models import seat_history
from db.models.seat import STATES
from floor import seats
from floor.seats import LABELS, NotNow, Seat
from tests.floor.furnishing import new_call_id, new_seat, seat_in

SEAT_MOVES: list[tuple[str, str]] = [
    move
    for name in ("0001_first_tables", "0002_conversations")
    for move in importlib.import_module(f"db.migrations.versions.{name}").SEAT_MOVES
]

Verb = Callable[[Connection, int], Seat]

VERBS: dict[str, Verb] = {
    "go_available": seats.go_available,
    "pause": lambda conn, seat_id: seats.pause(conn, seat_id, "meal"),
    "go_offline": seats.go_offline,
    "reserve": lambda conn, seat_id: seats.reserve(conn, seat_id, "f" * 32),
    "claim": lambda conn, seat_id: seats.claim(conn, seat_id, "f" * 32),
    "ring": seats.ring,
    "answer": seats.answer,
    "not_answered": seats.not_answered,
    "release": seats.release,
    "end_call": lambda conn, seat_id: seats.end_call(conn, seat_id, 60.0),
    "end_call_at_once": lambda conn, seat_id: seats.end_call(conn, seat_id, 0.0),
    "end_wrap_up": seats.end_wrap_up,
    "cut_off": lambda conn, seat_id: seats.cut_off(conn, seat_id, "recovered"),
    "phone_found": lambda conn, seat_id: seats.set_phone(conn, seat_id, True),
    "phone_lost": lambda conn, seat_id: seats.set_phone(conn, seat_id, False),
}

# One letter a state: offline, available, Reserved, ringing (B for bell), talking, wrap-up,
# paused, no answer; "." is refused.
LETTERS = dict(zip("OARBTWPN", STATES, strict=True))
TABLE = """
                     O A R B T W P N
    go_available     A . . . . A A A
    pause            P P R B T P . P
    go_offline       O O R B T O O O
    reserve          . R . . . . . .
    claim            R R . . . R R R
    ring             . . B . . . . .
    answer           . . . T . . . .
    not_answered     . . . N . . . .
    release          . . A A . . . .
    end_call         . . . . W . . .
    end_call_at_once . . . . A . . .
    end_wrap_up      . . . . . A . .
    cut_off          . . O O O . . .
    phone_found      O A R B T W P N
    phone_lost       O O R B T W P O
"""


def cells() -> list[tuple[str, str, str | None]]:
    lines = [line.split() for line in TABLE.strip().splitlines()]
    states = [LETTERS[letter] for letter in lines[0]]
    return [
        (verb, state, LETTERS.get(letter))
        for verb, *row in lines[1:]
        for state, letter in zip(states, row, strict=True)
    ]


def history(conn: Connection, seat_id: int) -> list[tuple[str, str]]:
    h = seat_history.c
    found = select(h.from_state, h.to_state).where(h.seat_id == seat_id).order_by(h.id)
    return [(before, after) for before, after in conn.execute(found)]


def test_the_table_has_every_state_and_every_verb() -> None:
    assert {(verb, state) for verb, state, _ in cells()} == {(v, s) for v in VERBS for s in STATES}
    assert tuple(LABELS) == STATES


def try_verb(verb: str, state: str, expected: str | None, conn: Connection) -> None:
    before = seat_in(conn, state)
    assert before.state == state
    steps = len(history(conn, before.id))
    told = len(changes_since(conn, 0, 1_000_000))
    if expected is None:
        savepoint = conn.begin_nested()
        with pytest.raises(NotNow) as refusal:
            VERBS[verb](conn, before.id)
        savepoint.rollback()
        assert refusal.value.seat == before
        assert seats.get(conn, before.id) == before
        return
    after = VERBS[verb](conn, before.id)
    assert after.state == expected
    assert seats.get(conn, before.id) == after
    moves = history(conn, before.id)[steps:]
    assert set(moves) <= set(SEAT_MOVES)
    assert [a for a, _ in moves[1:]] == [b for _, b in moves[:-1]]
    if moves:
        assert (moves[0][0], moves[-1][1]) == (state, expected)
    else:
        assert state == expected
    published = changes_since(conn, 0, 1_000_000)[told:]
    if after != before:
        assert Seat.of_shown(published[-1].data) == after, "watchers see the seat as it stands"


@pytest.mark.parametrize("verb", VERBS)
async def test_each_verb_in_each_state(database: Database, verb: str) -> None:
    for of_verb, state, expected in cells():
        if of_verb == verb:
            await database.write(functools.partial(try_verb, verb, state, expected))


async def test_every_listed_move_can_be_made_and_no_other(sqlite: Database) -> None:
    """The moves of the code are those of the migration: none is missing, none is idle."""

    def make_all(conn: Connection) -> set[tuple[str, str]]:
        made: set[tuple[str, str]] = set()
        for verb, state, expected in cells():
            if expected is not None:
                made |= set(history(conn, VERBS[verb](conn, seat_in(conn, state).id).id))
        for state in ("talking", "ringing", "reserved"):
            for wish in (lambda c, i: seats.pause(c, i, "meal"), seats.go_offline):
                for end in ("end_call", "end_call_at_once", "release"):
                    seat = seat_in(conn, state)
                    wish(conn, seat.id)
                    savepoint = conn.begin_nested()
                    try:
                        ended = VERBS[end](conn, seat.id)
                        if ended.state == "wrap_up":
                            seats.end_wrap_up(conn, seat.id)
                        made |= set(history(conn, seat.id))
                    except NotNow:
                        savepoint.rollback()
        return made

    assert await sqlite.write(make_all) == set(SEAT_MOVES)


def refuses_unknown(verb: Verb, conn: Connection) -> None:
    with pytest.raises(NotNow) as refusal:
        verb(conn, 999_999)
    assert refusal.value.seat is None


@pytest.mark.parametrize("verb", VERBS)
async def test_a_seat_that_does_not_exist(sqlite: Database, verb: str) -> None:
    await sqlite.write(functools.partial(refuses_unknown, VERBS[verb]))


# --- what a person asks for during a call holds from its end on ---


def wish_and_end(
    state: str,
    wish: str,
    end: str,
    expected: tuple[str, str | None],
    phone_ready: bool,
    conn: Connection,
) -> None:
    seat = seat_in(conn, state)
    if wish == "pause":
        asked = seats.pause(conn, seat.id, "meal")
    elif wish == "go_offline":
        asked = seats.go_offline(conn, seat.id)
    else:
        asked = seat
    assert (asked.state, asked.call_id) == (state, seat.call_id)
    if not phone_ready:
        seats.set_phone(conn, seat.id, False)
    after = VERBS[end](conn, seat.id)
    if after.state == "wrap_up":
        after = seats.end_wrap_up(conn, seat.id)
    assert (after.state, after.reason) == expected
    assert after.call_id is None
    assert after.after_call is None
    assert after.wrap_up_until_ms is None


ENDS = [("talking", "end_call"), ("talking", "end_call_at_once")]
RELEASES = [("reserved", "release"), ("ringing", "release")]
WITHOUT_A_WISH = {"not_answered": ("no_answer", None)}
"""Where an end leads that does not lead back to available."""


@pytest.mark.parametrize(("state", "end"), [*ENDS, *RELEASES, ("ringing", "not_answered")])
@pytest.mark.parametrize(
    ("wish", "phone_ready", "expected"),
    [
        ("nothing", True, ("available", None)),
        ("pause", True, ("paused", "meal")),
        ("go_offline", True, ("offline", None)),
        ("nothing", False, ("offline", "phone_lost")),
        ("pause", False, ("paused", "meal")),
        ("go_offline", False, ("offline", "phone_lost")),
    ],
)
async def test_given_a_wish_when_the_call_ends_then_the_seat_is_as_wished(
    sqlite: Database,
    state: str,
    end: str,
    wish: str,
    phone_ready: bool,
    expected: tuple[str, str | None],
) -> None:
    if expected == ("available", None):
        expected = WITHOUT_A_WISH.get(end, expected)
    await sqlite.write(functools.partial(wish_and_end, state, wish, end, expected, phone_ready))


async def test_the_last_wish_counts(sqlite: Database) -> None:
    def go(conn: Connection) -> Seat:
        seat = seat_in(conn, "talking")
        seats.go_offline(conn, seat.id)
        seats.pause(conn, seat.id, "meal")
        seats.end_call(conn, seat.id, 60.0)
        return seats.end_wrap_up(conn, seat.id)

    after = await sqlite.write(go)
    assert (after.state, after.reason) == ("paused", "meal")


# --- whose turn it is, and what is remembered ---


async def test_a_seat_released_keeps_its_turn_and_one_that_talked_goes_last(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000, 100_000))
    monkeypatch.setattr(seats, "now_ms", lambda: next(clock))

    def go(conn: Connection) -> tuple[Seat, Seat, Seat]:
        first = seat_in(conn, "available")
        reserved = seats.reserve(conn, first.id, new_call_id())
        released = seats.release(conn, first.id)
        assert reserved.offered_ms > first.offered_ms
        seats.reserve(conn, first.id, new_call_id())
        seats.ring(conn, first.id)
        seats.answer(conn, first.id)
        return first, released, seats.end_call(conn, first.id, 0.0)

    first, released, talked = await sqlite.write(go)
    assert first.idle_since_ms is not None
    assert released.idle_since_ms == first.idle_since_ms
    assert talked.idle_since_ms is not None
    assert talked.idle_since_ms > first.idle_since_ms


async def test_wrap_up_says_until_when(sqlite: Database) -> None:
    def go(conn: Connection) -> tuple[Seat, Seat]:
        talking = seat_in(conn, "talking")
        return talking, seats.end_call(conn, talking.id, 1.5)

    talking, wrapping = await sqlite.write(go)
    assert wrapping.wrap_up_until_ms == wrapping.since_ms + 1500
    assert wrapping.call_id == talking.call_id, "its form is still being filled"


async def test_what_is_shown_is_the_whole_seat(sqlite: Database) -> None:
    for state in STATES:
        seat = await sqlite.write(
            functools.partial(seat_in, state=state, skills={"business": 2, "general": 1})
        )
        assert Seat.of_shown(seat.shown()) == seat


async def test_history_names_the_call_it_was_about(database: Database) -> None:
    def go(conn: Connection) -> list[tuple[str, str, str | None]]:
        call_id = new_call_id()
        seat = seat_in(conn, "talking", call_id=call_id)
        seats.end_call(conn, seat.id, 0.0)
        h = seat_history.c
        found = select(h.from_state, h.to_state, h.call_id).where(h.seat_id == seat.id)
        return [
            (a, b, "the call" if c == call_id else c)
            for a, b, c in conn.execute(found.order_by(h.id))
        ]

    assert await database.write(go) == [
        ("offline", "available", None),
        ("available", "reserved", "the call"),
        ("reserved", "ringing", "the call"),
        ("ringing", "talking", "the call"),
        ("talking", "available", "the call"),
    ]


async def test_seats_are_found_by_account_and_listed_in_order(database: Database) -> None:
    first = await database.write(new_seat)
    second = await database.write(new_seat)
    assert await database.read(seats.of_account, second.account_id) == second
    assert await database.read(seats.of_account, 999_999) is None
    assert await database.read(seats.all_seats) == [first, second]
    assert first.endpoint == f"seat-{first.id:06d}"
