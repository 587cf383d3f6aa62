"""The rule by which seats follow the calls (Q二(一)): whom to call in, whom to let go. Pure.

A queue is in need when somebody has waited past the set limit, or when the seats at their
telephones are fewer than the forecast needs. Then seats of the lending queues get this queue's
skill besides their own, the freest first, never so many that a lender keeps fewer than its minimum.
Without a cause for the quiet time, who is not needed any more goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.model import CallIn
from floor.loans import Loan
from floor.seats import Seat

STAFFED = ("available", "reserved", "ringing", "talking", "wrap_up")
"""At the telephone, or just off it."""
SOONEST = ("available", "wrap_up", "talking", "ringing", "reserved")
"""Who is of use first."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Callers of one queue: since when each of them waits."""

    since_ms: tuple[int, ...] = ()

    @property
    def longest_since_ms(self) -> int | None:
        return min(self.since_ms, default=None)

    def beyond(self, at_ms: int, limit_s: float) -> int:
        """How many have waited for longer."""
        return sum(at_ms - since >= limit_s * 1000 for since in self.since_ms)


@dataclass(frozen=True, slots=True)
class Look:
    """What the rule sees of one queue.

    `loans` are all that are open; `quiet_s` is how long there has been no cause; `mode` is what a
    person has set: auto, off or hold; `sent_back` are seats that a person has sent back lately.
    """

    at_ms: int
    waiting: Waiting
    need: int
    seats: Sequence[Seat]
    loans: Sequence[Loan]
    mode: str = "auto"
    stepped_ms: int = 0
    quiet_s: float = 0.0
    sent_back: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """`seat_id` is called in until a time, or let go (`until_ms` None)."""

    seat_id: int
    why: str
    until_ms: int | None = None


def staffed_in(queue: str, seats: Sequence[Seat]) -> int:
    """Seats that answer this queue and are at their telephones."""
    return sum(queue in seat.skills and seat.state in STAFFED for seat in seats)


def cause_of(rule: CallIn, look: Look) -> str | None:
    """Why seats are to be called in: `wait` or `short`; None when there is no need."""
    if look.waiting.beyond(look.at_ms, rule.wait_limit_s):
        return "wait"
    if look.need - staffed_in(rule.queue, look.seats) >= rule.short_by:
        return "short"
    return None


def decide(rule: CallIn, look: Look) -> list[Step]:
    """What to do now; nothing most of the time."""
    called_in = [loan for loan in look.loans if is_of(rule, loan)]
    if look.mode == "off":
        return [Step(loan.seat_id, "override") for loan in called_in]
    gone = _gone(look, called_in)
    if look.mode == "hold":
        return gone
    cause = cause_of(rule, look)
    if cause is not None:
        if look.at_ms - look.stepped_ms < rule.pause_s * 1000:
            return gone
        return gone + _call_in(rule, look, cause, len(called_in) - len(gone))
    if look.quiet_s < rule.quiet_s:
        return gone
    left = [loan for loan in called_in if loan.seat_id not in {step.seat_id for step in gone}]
    return gone + _let_go(rule, look, left)


def is_of(rule: CallIn, loan: Loan) -> bool:
    """Whether the rule made this loan."""
    return loan.kind == "staffing" and loan.queue == rule.queue


def _gone(look: Look, called_in: Sequence[Loan]) -> list[Step]:
    """Who has left the floor is called in no longer."""
    there = {seat.id for seat in look.seats if seat.state != "offline"}
    return [Step(loan.seat_id, "gone") for loan in called_in if loan.seat_id not in there]


def _call_in(rule: CallIn, look: Look, cause: str, already: int) -> list[Step]:
    short = look.need - staffed_in(rule.queue, look.seats)
    wanted = max(short, look.waiting.beyond(look.at_ms, rule.wait_limit_s))
    until_ms = look.at_ms + int(rule.longest_s * 1000)
    left = {lender: _own(lender, look) for lender in rule.lenders}
    steps: list[Step] = []
    for seat in sorted(_candidates(rule, look), key=_soonest):
        if len(steps) >= min(wanted, rule.most - already):
            break
        lenders = [lender for lender in rule.lenders if lender in seat.skills]
        if any(left[lender] <= rule.keep for lender in lenders):
            continue
        for lender in lenders:
            left[lender] -= 1
        steps.append(Step(seat.id, cause, until_ms))
    return steps


def _candidates(rule: CallIn, look: Look) -> list[Seat]:
    lent = {loan.seat_id for loan in look.loans if loan.kind == "staffing"}
    return [
        seat
        for seat in look.seats
        if seat.state in STAFFED
        and seat.id not in lent
        and seat.id not in look.sent_back
        and rule.queue not in seat.skills
        and any(lender in seat.skills for lender in rule.lenders)
    ]


def _own(lender: str, look: Look) -> int:
    """Staffed seats of a lending queue that are called in nowhere else."""
    lent = {loan.seat_id for loan in look.loans if loan.kind == "staffing"}
    return staffed_in(lender, [seat for seat in look.seats if seat.id not in lent])


def _soonest(seat: Seat) -> tuple[int, int, int]:
    return (SOONEST.index(seat.state), seat.idle_since_ms or seat.since_ms, seat.id)


def _let_go(rule: CallIn, look: Look, called_in: Sequence[Loan]) -> list[Step]:
    """As many as are more than the need, those first who have helped longest."""
    helping = {seat.id for seat in look.seats if seat.state in STAFFED}
    surplus = staffed_in(rule.queue, look.seats) - look.need
    steps: list[Step] = []
    for loan in sorted(called_in, key=lambda loan: (loan.from_ms, loan.id)):
        if loan.seat_id not in helping:
            steps.append(Step(loan.seat_id, "quiet"))
        elif surplus > 0:
            surplus -= 1
            steps.append(Step(loan.seat_id, "quiet"))
    return steps
