"""People of a conversation in the house: who they are, what they press, who is with whom."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from db.keyring import KEY_BYTES
from db.models import leg, leg_span
from db.sealed import Sealer
from dialplan.phones import GONE_CAUSE
from floor import requests
from floor.seats import endpoint_of
from ivr.performing import bridge_of
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import Citizen, House
from tests.ivr.virtual import calm

EXPERT = "13800009001"
OTHER = "13800009002"


def at_number(number: str = EXPERT) -> dict[str, Any]:
    """A target as the console writes it: the number sealed."""
    masked = f"{number[:3]}****{number[-4:]}"
    sealed = Sealer(b"k" * KEY_BYTES).seal(number)
    return {"kind": "number", "sealed": sealed, "masked": masked}


def at_seat(seat: int) -> dict[str, Any]:
    return {"kind": "seat", "value": seat}


def at_queue(name: str) -> dict[str, Any]:
    return {"kind": "queue", "value": name}


@dataclass
class Scene:
    """A call, its agent's seat, and everybody else by name."""

    house: House
    citizen: Citizen
    seat: int

    # --- what people do ---

    async def press(self, verb: str, by: int | None = None, **args: Any) -> tuple[str, str]:
        """Somebody presses a button (`by`: whose seat); the request's end and its sentence."""
        account = self.house.seat(by or self.seat).account_id
        asked = self.house.db.do(requests.put, account, self.citizen.call_id, verb, args)
        await calm()
        answer = self.house.answer(asked)
        return answer.state, (answer.outcome or {}).get("detail", "")

    async def does(self, verb: str, by: int | None = None, **args: Any) -> None:
        """The same, and it must be done."""
        assert await self.press(verb, by, **args) == ("done", "")

    async def asks_expert(self, verb: str = "consult", number: str = EXPERT) -> None:
        """Ring somebody outside until he has heard the notice and is in."""
        telephone(self.house, number)
        await self.does(verb, target=at_number(number))
        await asyncio.sleep(4)

    def loses_page(self, seat: int | None = None) -> None:
        """The browser dies: its telephone is away, its channel ends for want of sound."""
        which = seat or self.seat
        channel = self.channel_of(which)
        self.house.asterisk.phone_changes(endpoint_of(which), online=False)
        self.house.asterisk.hangs_up(channel, GONE_CAUSE)

    def page_is_back(self, seat: int | None = None) -> None:
        self.house.asterisk.phone_changes(endpoint_of(seat or self.seat), online=True)

    def hangs_up(self, who: int | str) -> None:
        self.house.asterisk.hangs_up(self.channel_of(who))

    # --- what is the case ---

    def channel_of(self, who: int | str) -> str:
        """The channel of a seat, or of a number."""
        name = f"PJSIP/{endpoint_of(who) if isinstance(who, int) else who}"
        found = [leg for leg in self.house.asterisk.legs.values() if leg.name.startswith(name)]
        assert found, f"{who} has no channel"
        return found[-1].id

    @property
    def state(self) -> str | None:
        return self.citizen.row.talk_state

    @property
    def together(self) -> set[int | str]:
        """Who is in the bridge: seats by id, numbers, and the caller."""
        inside = self.house.asterisk.bridges.get(bridge_of(self.citizen.call_id), [])
        return {self._who(channel) for channel in inside}

    def _who(self, channel: str) -> int | str:
        if channel == self.citizen.channel:
            return "caller"
        name = self.house.asterisk.legs[channel].name.removeprefix("PJSIP/")
        return int(name[5:11]) if name.startswith("seat-") else name.partition("@")[0]

    @property
    def events(self) -> list[str]:
        return self.citizen.events

    def spans(self) -> list[tuple[int | None, str, float]]:
        """What each leg but the caller's did, in seconds, added up by seat and kind."""
        s = leg_span.c
        found = self.house.look(
            select(s.seat_id, s.what, s.from_ms, s.to_ms, s.leg_id)
            .where(s.call_id == self.citizen.call_id)
            .order_by(s.from_ms, s.id)
        )
        sums: dict[tuple[int | None, str], float] = {}
        for seat, what, began, ended, leg_id in found:
            if leg_id == self.citizen.channel:
                continue
            assert ended is not None, f"{what} of {leg_id} never ended"
            sums[seat, what] = sums.get((seat, what), 0.0) + (ended - began) / 1000
        return [(seat, what, total) for (seat, what), total in sums.items() if total]

    def causes(self) -> list[tuple[str, str]]:
        """Why each leg ended, by role, in the order in which they came."""
        found = select(leg.c.role, leg.c.cause).where(leg.c.call_id == self.citizen.call_id)
        return [(role, cause) for role, cause in self.house.look(found.order_by(leg.c.started_ms))]


def telephone(house: House, number: str, phone: Phone | None = None) -> None:
    """A telephone at the far end of the trunk."""
    house.asterisk.phones[f"{number}@trunk-local"] = phone or Phone()


async def talking(house: House) -> Scene:
    """A caller who talks with an agent."""
    seat = house.new_seat(phone=Phone(answers_after_s=0.5))
    citizen = await house.caller_waits()
    await asyncio.sleep(1)
    assert citizen.talks_with == seat
    return Scene(house, citizen, seat)
