"""The runs of a bench, in their order, and what each of them gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bench import latency, load, pages, threeway, tickets, wire
from bench.cpu import Spent
from bench.house import OURS, PLAIN, House
from bench.latency import Figures
from bench.load import KEY_AT_S, Load, LoadFailed, Outcome

NUMBERS = {"a": PLAIN, "b": OURS}


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls a second, and whether both ends speak.

    The sound of ten-second talks at 30 calls a second is more than a small machine's work, and
    it is the same for a plain queue as for us: so the latencies at that rate are taken without
    it (greeting and waiting music still play, the recording still runs, the key is pressed).
    """

    rate: float
    with_sound: bool

    def __str__(self) -> str:
        return f"{self.rate:g}/s {'with' if self.with_sound else 'without'} sound"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. Times in seconds, rates in calls a second."""

    seats: int
    rounds: int
    cpu_calls: int
    cpu_rate: float
    talk_s: float
    key: tuple[Pace, ...]
    """Tried one after another until the machine holds one; the same for `free`."""
    key_calls_s: float
    key_talk_s: float
    free: tuple[Pace, ...]
    free_calls: int
    held_limit: float
    held_s: float


_PACES = tuple(Pace(rate, with_sound=False) for rate in (30.0, 20.0, 10.0))

FULL = Plan(
    seats=200, rounds=2, cpu_calls=200, cpu_rate=4.0, talk_s=10.0,
    key=_PACES, key_calls_s=20.0, key_talk_s=5.0,
    free=_PACES, free_calls=450,
    held_limit=20.0, held_s=15.0,
)  # fmt: skip

SHORT = Plan(
    seats=4, rounds=1, cpu_calls=12, cpu_rate=3.0, talk_s=1.0,
    key=(Pace(2.0, with_sound=True),), key_calls_s=4.0, key_talk_s=0.5,
    free=(Pace(8.0, with_sound=True),), free_calls=20,
    held_limit=0.0, held_s=0.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A run: its figures, at which rate they were taken, or why there are none."""

    rate: float | None = None
    with_sound: bool = False
    figures: Figures | None = None
    reason: str | None = None


@dataclass(slots=True)
class Results:
    cpu: dict[str, Spent] = field(default_factory=dict)
    cpu_calls: dict[str, int] = field(default_factory=dict)
    key: Measured = field(default_factory=Measured)
    free: dict[str, Measured] = field(default_factory=dict)
    held: dict[str, float | None] = field(default_factory=dict)
    held_reason: dict[str, str] = field(default_factory=dict)
    threeway: threeway.Found | None = None
    pages: pages.Found | None = None
    tickets: tickets.Found | None = None
    failures: list[str] = field(default_factory=list)


class Bench:
    """Carries a plan out on a running house."""

    def __init__(self, house: House, plan: Plan, directory: Path, results: Results) -> None:
        self._house = house
        self._plan = plan
        self._directory = directory
        self._runs = 0
        self.results = results

    async def measure(self) -> None:
        """A B A B for the CPU; then the two latencies; then what rate each holds."""
        for turn in range(self._plan.rounds):
            for side in NUMBERS:
                await self._cpu(side, turn)
        await self._key_to_invite()
        for side in NUMBERS:
            await self._free_to_invite(side)
        for side in NUMBERS:
            await self._held(side)

    async def _cpu(self, side: str, turn: int) -> None:
        plan = self._plan
        before, kept = self._house.spent(), await self._house.kept()
        pace = Pace(plan.cpu_rate, with_sound=True)
        outcome = await self._run(side, plan.cpu_calls, pace, plan.talk_s)
        spent = self._house.spent().since(before)
        if side == "a":
            # A plain queue needs neither; ours idles beside it meanwhile.
            spent = Spent(spent.asterisk, 0.0, 0.0)
        results = self.results
        earlier = results.cpu.get(side, Spent(0.0, 0.0, 0.0))
        results.cpu[side] = Spent(
            earlier.asterisk + spent.asterisk,
            earlier.ours + spent.ours,
            earlier.database + spent.database,
        )
        results.cpu_calls[side] = results.cpu_calls.get(side, 0) + outcome.calls
        if not outcome.whole:
            results.failures.append(f"cpu {side}{turn + 1}: {outcome}")
        if side == "b":
            now = await self._house.kept()
            written = (now.calls - kept.calls, now.tickets - kept.tickets)
            if written != (outcome.calls, outcome.calls):
                results.failures.append(f"cpu b{turn + 1}: calls and tickets kept: {written}")
            if now.recordings - kept.recordings != outcome.calls:
                found = now.recordings - kept.recordings
                results.failures.append(f"cpu b{turn + 1}: recordings filed: {found}")
        _say(f"{side.upper()}{turn + 1}: {spent.per_call(outcome.calls)} {_short(outcome)}")

    async def _key_to_invite(self) -> None:
        plan = self._plan
        for pace in plan.key:
            calls = round(pace.rate * plan.key_calls_s)
            outcome, seen, why = await self._watched("b", calls, pace, plan.key_talk_s)
            found = None
            if seen is not None:
                found = latency.figures(await latency.key_to_invite_s(self._house, seen, calls))
                why = None if found else "no key was seen"
            self.results.key = Measured(pace.rate, pace.with_sound, found, why)
            _say(f"key to INVITE, B at {pace}: {found or why} {_short(outcome)}")
            if outcome.whole or seen is None:
                return
            self.results.failures.append(f"key to INVITE at {pace}: {outcome}")
        self.results.key = Measured(reason="no rate was held without a failed call")

    async def _free_to_invite(self, side: str) -> None:
        plan = self._plan
        for pace in plan.free:
            outcome, seen, why = await self._watched(side, plan.free_calls, pace, plan.talk_s)
            found = None
            if seen is not None:
                found = latency.figures(seen.free_to_next_s())
                why = None if found else "no caller was waiting when a seat came free"
            self.results.free[side] = Measured(pace.rate, pace.with_sound, found, why)
            _say(f"free to INVITE, {side.upper()} at {pace}: {found or why} {_short(outcome)}")
            if outcome.whole or seen is None:
                return
            self.results.failures.append(f"free to INVITE, {side} at {pace}: {outcome}")
        self.results.free[side] = Measured(reason="no rate was held without a failed call")

    async def _held(self, side: str) -> None:
        """The highest whole rate that holds, by halving between one that did and one that not."""
        plan = self._plan
        if plan.held_limit == 0:
            self.results.held[side] = None
            self.results.held_reason[side] = "not part of a short run"
            return
        good, bad = 0.0, plan.held_limit + 1
        rate = plan.held_limit / 2
        while bad - good > 1:
            pace = Pace(rate, with_sound=True)
            outcome = await self._run(side, round(rate * plan.held_s), pace, plan.talk_s)
            _say(f"{side.upper()} at {rate:g}/s: {_short(outcome)}")
            good, bad = (rate, bad) if outcome.whole else (good, rate)
            rate = min(plan.held_limit, float(round((good + bad) / 2)))
            if rate in (good, bad):
                break
        self.results.held[side] = good or None
        if good == plan.held_limit:
            self.results.held_reason[side] = "the limit: seats divided by the length of a talk"
        elif not good:
            self.results.held_reason[side] = "no rate was held without a failed call"

    async def _watched(
        self, side: str, calls: int, pace: Pace, talk_s: float
    ) -> tuple[Outcome, wire.Seen | None, str | None]:
        """A run with the wire captured, if it can be."""
        house = self._house
        asterisk = house.settings.asterisk
        file = self._directory / f"wire{self._runs}.pcap"
        try:
            rtp = (asterisk.rtp_first, asterisk.rtp_last)
            async with wire.captured(file, house.asterisk.sip_port, rtp):
                outcome = await self._run(side, calls, pace, talk_s)
        except wire.NoCapture as problem:
            return await self._run(side, calls, pace, talk_s), None, str(problem)
        seen = wire.read(file, house.asterisk.sip_port, house.seat_port)
        file.unlink()
        return outcome, seen, None

    async def _run(self, side: str, calls: int, pace: Pace, talk_s: float) -> Outcome:
        house = self._house
        self._runs += 1
        wanted = Load(NUMBERS[side], calls, pace.rate, talk_s, KEY_AT_S, pace.with_sound)
        directory = self._directory / f"run{self._runs}"
        try:
            outcome = await load.run(
                wanted, directory, house.address, house.seat_port, house.settings.sounds / "zh"
            )
        except LoadFailed as problem:
            _say(f"    {problem}")
            outcome = Outcome(calls, 0, calls, 0, 0)
        await house.quiet()
        return outcome


def _short(outcome: Outcome) -> str:
    if outcome.whole:
        return f"{outcome.calls} calls, all whole, {outcome.retransmissions} retransmissions"
    return f"{outcome.succeeded} of {outcome.calls} whole, {outcome.answered} answered"


def _say(line: str) -> None:
    print(line, flush=True)
