"""What lists, searches, one ticket, the day's measures and the reminders cost at a million tickets.

From ten thousand to a million, on PostgreSQL, through our own doors: each question is asked many
times with other values, one after another, and its p95 (the nearest rank) is what is told.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select

from agent_console.api import ticket_view
from agent_console.api.ticket_queries import LISTED
from agent_console.auth import Account
from bench.tickets_made import ACCOUNTS, DAY_MS, UNITS, Maker
from bench.tickets_store import filled
from config.channels import Team
from config.model import Settings
from db import Database
from db.models import outbox, ticket_reminder, ticket_term
from db.sealed import Sealer
from tests.support.postgres import postgres
from tests.support.settings import make_settings
from tickets import calendar, desks, duplicates, measures, people, reminders, scope, search
from tickets.duplicates import Matter
from tickets.place import Place
from tickets.rules.facts import Actor
from tickets.search import Wanted

NOW_MS = 1_795_147_200_000
"""2026-11-20 12:00 in China, a working day."""
SEED = 12345
SHARED_BUFFERS = "1GB"


@dataclass(frozen=True, slots=True)
class Plan:
    sizes: tuple[int, ...]
    times: int
    """How often each question is asked."""
    swept: int
    """Terms that fall due at once, for the sweep that writes."""


FULL = Plan(sizes=(10_000, 100_000, 1_000_000), times=60, swept=1000)
SHORT = Plan(sizes=(1_000,), times=3, swept=40)


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds."""

    median: float
    p95: float
    worst: float


@dataclass(slots=True)
class Sweep:
    """`open_terms` looked through in `look_s`; `reminded` of them reminded of in `remind_s`, by
    `notices` notices; nobody else waited longer than `longest_s` to write."""

    open_terms: int = 0
    look_s: float = 0.0
    reminded: int = 0
    remind_s: float = 0.0
    longest_s: float = 0.0
    notices: int = 0


@dataclass(slots=True)
class Found:
    plan: Plan
    costs: dict[int, dict[str, Cost]] = field(default_factory=dict)
    sweeps: dict[int, Sweep] = field(default_factory=dict)
    made_s: dict[int, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The keys a reader may count on."""
        return {
            "asked_each": self.plan.times,
            "made_s": {str(size): round(s, 1) for size, s in self.made_s.items()},
            "ms": {
                str(size): {
                    name: {"median": c.median, "p95": c.p95, "worst": c.worst}
                    for name, c in costs.items()
                }
                for size, costs in self.costs.items()
            },
            "sweep": {
                str(size): {
                    "open_terms": s.open_terms,
                    "look_s": round(s.look_s, 3),
                    "reminded": s.reminded,
                    "remind_s": round(s.remind_s, 3),
                    "longest_write_s": round(s.longest_s, 3),
                    "notices": s.notices,
                }
                for size, s in self.sweeps.items()
            },
            "failures": self.failures,
        }


async def measure(plan: Plan, directory: Path) -> Found:
    """Each size in a database of its own, on one PostgreSQL of our own."""
    found = Found(plan)
    settings = make_settings(directory)
    with postgres(shared_buffers=SHARED_BUFFERS) as server:
        for size in plan.sizes:
            maker = Maker(SEED, size, NOW_MS)
            began = time.monotonic()
            async with filled(server, maker) as database:
                await database.write(calendar.seed)
                found.made_s[size] = time.monotonic() - began
                print(f"tickets: {size} made in {found.made_s[size]:.0f} s", flush=True)
                asked = Questions(settings, maker, size)
                found.costs[size] = await _ask(database, asked, plan.times)
                found.sweeps[size] = await _sweep(database, asked.place, plan.swept)
    return found


async def _ask(database: Database, asked: Questions, times: int) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    for name, questions in asked.all().items():
        taken = []
        # The first is not counted: statements are compiled, and pages read for the first time.
        for _ in range(times + 1):
            door, given = next(questions)
            began = time.perf_counter()
            await database.read(door, *given)
            taken.append((time.perf_counter() - began) * 1000)
        del taken[0]
        costs[name] = _cost(taken)
        print(f"  {name}: {costs[name].median} ms, p95 {costs[name].p95} ms", flush=True)
    return costs


def _cost(taken: Sequence[float]) -> Cost:
    ordered = sorted(taken)
    rank = max(0, -(-len(ordered) * 95 // 100) - 1)
    middle = (len(ordered) - 1) // 2
    return Cost(*(round(ordered[at], 2) for at in (middle, rank, len(ordered) - 1)))


async def _sweep(database: Database, place: Place, swept: int) -> Sweep:
    """First everything late is taken as reminded; then the idle look; then some fall due."""
    for step in reminders.STEPS:
        await database.write(_settle, step)
    sweep = Sweep(open_terms=await database.write(_open_terms))
    began = time.perf_counter()
    if await database.read(reminders.waiting, place, NOW_MS):
        raise RuntimeError("something was left to remind of")
    sweep.look_s = time.perf_counter() - began
    await database.write(_forget_reminders, swept)
    before = await database.read(_notices)
    began = time.perf_counter()
    # As `agent_console.sweeping` does it.
    while found := await database.read(reminders.waiting, place, NOW_MS):
        for first in range(0, len(found), reminders.BATCH):
            writes = time.perf_counter()
            some = found[first : first + reminders.BATCH]
            sweep.reminded += await database.write(reminders.remind, place, NOW_MS, some)
            sweep.longest_s = max(sweep.longest_s, time.perf_counter() - writes)
    sweep.remind_s = time.perf_counter() - began
    sweep.notices = await database.read(_notices) - before
    return sweep


def _telling(settings: Settings) -> Settings:
    """Units, their heads and the supervisors have a channel: a reminder is one notice each."""
    team = Team("supervisors", ("made-up",), (), (), None, None)
    notices = replace(
        settings.notices,
        zwding=replace(settings.notices.zwding, on=True),
        unit=("zwding",),
        unit_head=("zwding",),
        team=("zwding",),
        teams=(team,),
    )
    return replace(settings, notices=notices)


def _notices(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(outbox)).scalar_one())


def _settle(conn: Connection, step: reminders.Step) -> None:
    """Every open term has had this reminder."""
    term = ticket_term.c
    had = select(term.id, literal(step.name), term.due_ms, literal(0)).where(
        term.ended_ms.is_(None)
    )
    columns = ["term_id", "step", "due_ms", "at_ms"]
    conn.execute(insert(ticket_reminder).from_select(columns, had))


def _open_terms(conn: Connection) -> int:
    conn.exec_driver_sql("ANALYZE ticket_reminder")
    found = select(func.count()).where(ticket_term.c.ended_ms.is_(None))
    return int(conn.execute(found).scalar_one())


def _forget_reminders(conn: Connection, some: int) -> None:
    """So many late terms have not had their last reminder."""
    term = ticket_term.c
    late = select(term.id).where(term.ended_ms.is_(None), term.due_ms < NOW_MS - 3 * DAY_MS)
    conn.execute(
        delete(ticket_reminder).where(
            ticket_reminder.c.step == reminders.AFTER.name,
            ticket_reminder.c.term_id.in_(late.order_by(term.id.desc()).limit(some)),
        )
    )


Asked = tuple[Callable[..., Any], tuple[Any, ...]]
"""A door and what it is given besides the connection."""


class Questions:
    """What is asked, with other values each time."""

    def __init__(self, settings: Settings, maker: Maker, size: int) -> None:
        self.place = Place(_telling(settings))
        self._settings = settings
        self._random = random.Random(SEED)
        self._size = size
        self._words = maker.words()
        self._head = Account(1, "p1", "人员1", "supervisor")
        self._texts = [one.ticket for _, one in zip(range(50), maker.tickets(), strict=False)]

    def all(self) -> dict[str, Iterator[Asked]]:
        """By name; each never ends."""
        every, some, few, street, rare, none = self._words
        open_ = Wanted(states=("in_progress",), now_ms=NOW_MS)
        return {
            "list, newest": self._list(Wanted),
            "list, page 2 to 40": self._list(lambda: Wanted(page=self._random.randrange(2, 41))),
            "list, a state": self._list(lambda: Wanted(states=(self._state(),))),
            "list, a class in a month": self._list(self._of_class),
            "list, late first": self._list(lambda: replace(open_, late=True, order="due")),
            "list, repeats": self._list(lambda: Wanted(order="repeats")),
            "list, of a unit": self._of_unit(Wanted),
            "desk of a unit": self._of_unit(lambda: replace(open_, order="due")),
            "desks counted": self._desks(),
            "a word in every ticket": self._list(lambda: Wanted(q=every)),
            "a frequent word": self._list(lambda: Wanted(q=few)),
            "a usual word": self._list(lambda: Wanted(q=some)),
            "a rare word": self._list(lambda: Wanted(q=rare)),
            "words in none": self._list(lambda: Wanted(q=none)),
            "two words": self._list(lambda: Wanted(q=f"{some} {street}")),
            "a word, in progress": self._list(lambda: replace(open_, q=few)),
            "a word, by due date": self._list(lambda: replace(open_, q=few, order="due")),
            "a word, a state": self._list(lambda: Wanted(q=some, states=(self._state(),))),
            "a frequent word, a rare state": self._list(
                lambda: Wanted(q=few, states=("in_review",))
            ),
            "a word, refused ones": self._list(lambda: Wanted(q=some, states=("rejected",))),
            "a word, a class": self._list(lambda: Wanted(q=some, content_classes=(self._class(),))),
            "a word, a class, a type": self._list(
                lambda: Wanted(q=few, content_classes=(self._class(),), types=("report",))
            ),
            "a word, a class in a month": self._list(lambda: replace(self._of_class(), q=some)),
            "a word, late": self._list(lambda: Wanted(q=some, late=True, now_ms=NOW_MS)),
            "a word, an agent's own": self._list(lambda: Wanted(q=few, account_id=self._account())),
            "a word, of a unit": self._of_unit(lambda: Wanted(q=some)),
            "a frequent word, of a unit": self._of_unit(lambda: Wanted(q=few)),
            "a word in every ticket, of a unit": self._of_unit(lambda: Wanted(q=every)),
            "two words, of a unit": self._of_unit(lambda: Wanted(q=f"{some} {street}")),
            "a word, of ten units": self._of_unit(lambda: Wanted(q=some), 10),
            "a word, of all units below": self._of_unit(lambda: Wanted(q=some), UNITS),
            "a word, of a unit, late": self._of_unit(
                lambda: Wanted(q=some, late=True, now_ms=NOW_MS)
            ),
            "a word, a unit's desk": self._of_desk(few),
            "a word, a unit chosen": self._list(
                lambda: Wanted(q=some, unit_id=self._random.randrange(1, UNITS + 1))
            ),
            "a ticket's number": self._list(lambda: Wanted(q=self._number())),
            "a whole telephone": self._list(lambda: Wanted(q="13800000000")),
            "one ticket": self._one(),
            "what is alike": self._alike(),
            "the day's measures": self._measures(),
        }

    def _list(self, wanted: Callable[[], Wanted]) -> Iterator[Asked]:
        while True:
            asked = wanted()
            yield search.page, (asked, LISTED, self._hash)

    def _of_unit(self, wanted: Callable[[], Wanted], below: int = 1) -> Iterator[Asked]:
        """What a person of a unit with so many units below it (its own among them) asks for."""
        while True:
            first = self._random.randrange(1, UNITS - below + 2)
            actor = Actor(2, "unit", unit_ids=frozenset(range(first, first + below)))
            asked = replace(
                wanted(),
                either=scope.branches(actor),
                seen=scope.visible(actor),
                of_units=(tuple(sorted(actor.unit_ids)),),
            )
            yield search.page, (asked, LISTED, self._hash)

    def _of_desk(self, q: str) -> Iterator[Asked]:
        while True:
            unit = self._random.randrange(1, UNITS + 1)
            actor = Actor(2, "unit", unit_ids=frozenset({unit}))
            asked = Wanted(
                q=q,
                where=(desks.lying_on("unit", actor),),
                either=scope.branches(actor),
                seen=scope.visible(actor),
                of_units=((unit,),),
                order="due",
            )
            yield search.page, (asked, LISTED, self._hash)

    def _desks(self) -> Iterator[Asked]:
        def counted(conn: Connection) -> object:
            return desks.counts(conn, people.actor_of(conn, 1, "supervisor"), NOW_MS)

        while True:
            yield counted, ()

    def _one(self) -> Iterator[Asked]:
        sealer = Sealer(b"k" * 32)
        seer = ticket_view.Seer(self.place, sealer, self._head, NOW_MS)
        while True:
            some = self._random.randrange(1, self._size + 1)
            yield ticket_view.full, (seer, some)

    def _alike(self) -> Iterator[Asked]:
        while True:
            row = self._random.choice(self._texts)
            matter = Matter(row[6], None, row[10], row[11], row[9])
            yield duplicates.alike, (matter, NOW_MS)

    def _measures(self) -> Iterator[Asked]:
        while True:
            day = NOW_MS - self._random.randrange(1, 60) * DAY_MS
            yield measures.measured, (day, day + DAY_MS, NOW_MS, 30)

    def _state(self) -> str:
        return self._random.choice(["to_dispatch", "in_progress", "to_follow_up", "archived"])

    def _of_class(self) -> Wanted:
        begins = NOW_MS - self._random.randrange(1, 24) * 30 * DAY_MS
        return Wanted(
            content_classes=(self._class(),),
            from_ms=begins,
            to_ms=begins + 30 * DAY_MS,
            now_ms=NOW_MS,
        )

    def _class(self) -> str:
        return self._random.choice(["arrears", "other", "hidden_barrier"])

    def _account(self) -> int:
        return self._random.randrange(1, ACCOUNTS + 1)

    def _number(self) -> str:
        return str(self._random.choice(self._texts)[1])

    def _hash(self, _: str) -> str:
        return f"{self._random.randrange(300_000):064x}"
