"""A day on the floor, simulated call by call: M(t)/G/n with callers who give up.

Arrivals are Poisson with the double hump of an office day; talks are lognormal; who is not rung for
within his patience hangs up. The plan under test says how many seats of its own the floor has, and
may call seats in; every second that a seat is kept for this queue is counted.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from config.model import CallIn, Staffing
from floor import staffing
from floor.calling_in import Look, Waiting, cause_of, decide
from floor.loans import Loan
from floor.seats import Seat
from floor.staffing import History, Seen, Times

OPENS_S, CLOSES_S = 8 * 3600.0, 20 * 3600.0
SLOT_S = 900.0
SLOTS = 96
TALK_S, TALK_CV = 170.0, 0.9
WRAP_UP_S = 30.0
PATIENCE_S = 150.0
LENDERS_BUSY, LENDERS_LEFT_S = 0.6, 90.0
"""A seat called in is in a talk of its own with this chance, and then for so long in the mean."""


@dataclass(frozen=True, slots=True)
class Caller:
    at_s: float
    rings_s: float
    talk_s: float
    wrap_up_s: float
    patience_s: float


def calls_an_hour(at_s: float) -> float:
    """The double hump: half past ten, and the middle of the afternoon."""
    hour = at_s / 3600
    morning = 150 * math.exp(-(((hour - 10.2) / 1.2) ** 2) / 2)
    afternoon = 110 * math.exp(-(((hour - 15.4) / 1.5) ** 2) / 2)
    return 45 + morning + afternoon if OPENS_S <= at_s < CLOSES_S else 0.0


def surge(at_s: float) -> float:
    """A notice was in the news: nobody could foresee that."""
    return 1.35 if 14 * 3600 <= at_s < 14.75 * 3600 else 1.0


def day_of(dice: random.Random, level: float, *, surprised: bool = True) -> list[Caller]:
    """The callers of one day, `level` times as many as on an average one."""
    highest = 250.0 * level * 1.4
    callers: list[Caller] = []
    spread = math.sqrt(math.log(1 + TALK_CV**2))
    at_s = OPENS_S
    while (at_s := at_s + dice.expovariate(highest / 3600)) < CLOSES_S:
        rate = calls_an_hour(at_s) * level * (surge(at_s) if surprised else 1.0)
        if dice.random() * highest >= rate:
            continue
        callers.append(
            Caller(
                at_s,
                dice.uniform(2.0, 6.0),
                dice.lognormvariate(math.log(TALK_S) - spread**2 / 2, spread),
                min(60.0, dice.expovariate(1 / WRAP_UP_S)),
                dice.expovariate(1 / PATIENCE_S),
            )
        )
    return callers


def weeks_before(dice: random.Random, how: Staffing) -> History:
    """Past weeks: average days, each somewhat busier or calmer than the next."""
    weeks = []
    for _ in range(how.history_weeks):
        counts = [0] * SLOTS
        for caller in day_of(dice, dice.gammavariate(100, 0.01), surprised=False):
            counts[int(caller.at_s // SLOT_S)] += 1
        weeks.append(tuple(counts))
    return History(0, int(SLOT_S) * 1000, tuple(weeks))


@dataclass(slots=True)
class Chair:
    """A seat kept for the queue since `came_s`; `free_s` is when it is next free."""

    id: int
    came_s: float
    free_s: float
    lent: bool = False
    leaving: bool = False


@dataclass(slots=True)
class Day:
    """What came of a plan."""

    offered: int = 0
    within: int = 0
    lost: int = 0
    seat_s: float = 0.0
    called_in: int = 0
    hours: dict[int, list[int]] = field(default_factory=dict)

    @property
    def level(self) -> float:
        return self.within / self.offered

    @property
    def seat_hours(self) -> float:
        return self.seat_s / 3600

    @property
    def worst_hour(self) -> float:
        return min(quick / came for came, quick in self.hours.values())


class Plan(Protocol):
    """How many seats of its own the queue has, and whom it calls in besides."""

    def own_seats(self, at_s: float) -> int: ...

    def look(self, floor: Simulation, at_s: float) -> None: ...


class Simulation:
    """One day of callers against one plan."""

    def __init__(self, callers: Sequence[Caller], plan: Plan, within_s: float) -> None:
        self.callers = callers
        self.plan = plan
        self.within_s = within_s
        self.chairs: dict[int, Chair] = {}
        self.queue: deque[Caller] = deque()
        self.came: list[float] = []
        self.talks: list[tuple[float, float, float]] = []
        self.day = Day()
        self._ids = itertools.count(1)

    def run(self, every_s: float = 5.0) -> Day:
        """From event to event: a caller, a seat that comes free, a look of the plan."""
        looks = int((CLOSES_S - OPENS_S) / every_s)
        events = [(OPENS_S + n * every_s, 0, None) for n in range(looks)]
        happening: list[tuple[float, int, Caller | None]] = [
            *events,
            *((caller.at_s, 1, caller) for caller in self.callers),
        ]
        happening.sort(key=lambda event: event[:2])
        for at_s, _, caller in happening:
            self._serve_until(at_s)
            if caller is None:
                self._give_up(at_s)
                self._set_own(self.plan.own_seats(at_s), at_s)
                self.plan.look(self, at_s)
            else:
                self.came.append(at_s)
                self.queue.append(caller)
            self._serve_until(at_s)
        self._serve_until(math.inf)
        for chair in self.chairs.values():
            self.day.seat_s += max(CLOSES_S, chair.free_s) - chair.came_s
        return self.day

    def add(self, at_s: float, *, lent: bool = False, free_s: float | None = None) -> int:
        made = next(self._ids)
        self.chairs[made] = Chair(made, at_s, at_s if free_s is None else free_s, lent)
        self.day.called_in += lent
        return made

    def let_go(self, seat_id: int, at_s: float) -> None:
        """A seat leaves, once its talk is over."""
        chair = self.chairs[seat_id]
        chair.leaving = True
        if chair.free_s <= at_s:
            self.day.seat_s += at_s - chair.came_s
            del self.chairs[seat_id]

    def _set_own(self, number: int, at_s: float) -> None:
        own = [c for c in self.chairs.values() if not c.lent and not c.leaving]
        for _ in range(number - len(own)):
            self.add(at_s)
        for chair in sorted(own, key=lambda c: c.free_s)[: max(0, len(own) - number)]:
            self.let_go(chair.id, at_s)

    def _serve_until(self, at_s: float) -> None:
        """Bring callers and seats together, in order, as far as it has come by then."""
        while True:
            for chair in [c for c in self.chairs.values() if c.leaving and c.free_s <= at_s]:
                self.day.seat_s += chair.free_s - chair.came_s
                del self.chairs[chair.id]
            if not self.queue or not self.chairs:
                return
            chair = min(self.chairs.values(), key=lambda c: (c.leaving, c.free_s))
            begins_s = max(chair.free_s, self.queue[0].at_s)
            if chair.leaving or begins_s > at_s:
                return
            self._answer(self.queue.popleft(), chair, begins_s)

    def _give_up(self, at_s: float) -> None:
        """Those whose patience is over wait no longer, and the plan sees them no more."""
        still: deque[Caller] = deque()
        for caller in self.queue:
            if caller.at_s + caller.patience_s < at_s:
                self._count(caller, lost=True, quick=False)
            else:
                still.append(caller)
        self.queue = still

    def _count(self, caller: Caller, *, lost: bool, quick: bool) -> None:
        self.day.offered += 1
        self.day.lost += lost
        self.day.within += quick
        hour = self.day.hours.setdefault(int(caller.at_s // 3600), [0, 0])
        hour[0] += 1
        hour[1] += quick

    def _answer(self, caller: Caller, chair: Chair, begins_s: float) -> None:
        if begins_s - caller.at_s > caller.patience_s:
            self._count(caller, lost=True, quick=False)
            return
        wait_s = begins_s + caller.rings_s - caller.at_s
        self._count(caller, lost=False, quick=wait_s <= self.within_s)
        chair.free_s = begins_s + caller.rings_s + caller.talk_s + caller.wrap_up_s
        self.talks.append((chair.free_s, caller.talk_s, caller.wrap_up_s))


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same number of seats from opening to closing."""

    number: int

    def own_seats(self, at_s: float) -> int:
        return self.number

    def look(self, floor: Simulation, at_s: float) -> None:
        return


class Following:
    """Ours: the roster of the forecast, made in the morning, and the rule through the day.

    Args:
        trust: what the rosters make of the forecast; 1.0 is to believe it.
        general: seats of the lending queue.
    """

    def __init__(
        self,
        history: History,
        how: Staffing,
        rule: CallIn | None,
        dice: random.Random,
        *,
        trust: float = 1.0,
        general: int = 12,
    ) -> None:
        self._history = history
        self._how = replace(how, hours_ahead=1)
        self._rule = rule
        self._dice = dice
        profile = staffing.profile_of(history.weeks)
        self._own = [
            staffing.seats_needed(trust * calls, TALK_S, WRAP_UP_S, how) for calls in profile
        ]
        self._lenders = [_seat(-n - 1, "general") for n in range(general)]
        self._loans: dict[int, tuple[Loan, int]] = {}
        self._need = 0
        self._need_s = 0.0
        self._quiet_s = 0.0
        self._stepped_s = 0.0

    def own_seats(self, at_s: float) -> int:
        return self._own[int(at_s // SLOT_S)]

    def look(self, floor: Simulation, at_s: float) -> None:
        """What `ivr.staffing` does every few seconds, with the same rules."""
        if self._rule is None:
            return
        if at_s >= self._need_s:
            self._need = self._needed(floor, at_s)
            self._need_s = at_s + 30.0
        for loan, _ in [*self._loans.values()]:
            if loan.until_ms <= at_s * 1000:
                self._back(floor, loan.seat_id, at_s)
        seen = Look(
            at_ms=int(at_s * 1000),
            waiting=Waiting(tuple(int(caller.at_s * 1000) for caller in floor.queue)),
            need=self._need,
            seats=self._seats(floor, at_s),
            loans=[loan for loan, _ in self._loans.values()],
            stepped_ms=int(self._stepped_s * 1000),
            quiet_s=at_s - self._quiet_s,
        )
        if cause_of(self._rule, seen) is not None:
            self._quiet_s = at_s
            seen = replace(seen, quiet_s=0.0)
        for step in decide(self._rule, seen):
            self._stepped_s = at_s
            if step.until_ms is None:
                self._back(floor, step.seat_id, at_s)
            else:
                self._call_in(floor, step.seat_id, step.until_ms, at_s)

    def _needed(self, floor: Simulation, at_s: float) -> int:
        window_s = self._how.recent_minutes * 60.0
        recent = [talk for talk in floor.talks if at_s - 7200 <= talk[0] <= at_s]
        seen = Seen(
            calls=sum(at_s - window_s <= came for came in floor.came),
            window_s=window_s,
            talks=Times(len(recent), sum(talk_s for _, talk_s, _ in recent)),
            wrap_ups=Times(len(recent), sum(wrap_up_s for *_, wrap_up_s in recent)),
            past_talks=Times(2000, 2000 * TALK_S),
        )
        found = staffing.outlook(int(at_s * 1000), self._history, seen, WRAP_UP_S, self._how)
        return found.need_now

    def _seats(self, floor: Simulation, at_s: float) -> list[Seat]:
        own = [
            _seat(chair.id, "business", "talking" if chair.free_s > at_s else "available")
            for chair in floor.chairs.values()
            if not chair.lent and not chair.leaving
        ]
        lenders = [
            _seat(seat.id, "general", more="business" if seat.id in self._loans else None)
            for seat in self._lenders
        ]
        return own + lenders

    def _call_in(self, floor: Simulation, seat_id: int, until_ms: int, at_s: float) -> None:
        busy = self._dice.random() < LENDERS_BUSY
        left_s = self._dice.expovariate(1 / LENDERS_LEFT_S) if busy else 0.0
        chair = floor.add(at_s, lent=True, free_s=at_s + left_s)
        loan = Loan(
            chair, seat_id, "business", 5, None, "staffing", None, "", int(at_s * 1000),
            until_ms, None, None, None,
        )  # fmt: skip
        self._loans[seat_id] = (loan, chair)

    def _back(self, floor: Simulation, seat_id: int, at_s: float) -> None:
        _, chair = self._loans.pop(seat_id)
        floor.let_go(chair, at_s)


def _seat(seat_id: int, queue: str, state: str = "available", more: str | None = None) -> Seat:
    skills = {queue: 1} if more is None else {queue: 1, more: 5}
    return Seat(seat_id, seat_id, "座席", skills, state, 0, None, None, 0, 0, None, None, True)


def fewest_fixed(callers: Sequence[Caller], target: float, within_s: float) -> Day:
    """The smallest fixed plan that reaches the target on this very day."""
    for number in itertools.count(1):
        day = Simulation(callers, Fixed(number), within_s).run()
        if day.level >= target:
            return day
    raise AssertionError("unreachable")
