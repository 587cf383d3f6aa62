"""The people of the closed loop at their screens, and a ticket's way through their hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from db.models import account_duty, dispatch_rule, unit, unit_member
from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import sign_in
from tests.support.browser import Window, until
from tests.support.console import House, Person
from tests.tickets.filled import filled
from tickets.rules.fields import Field
from tickets.rules.table import BY_NAME

DUTIES = {
    "dispatcher": ("派单员", ("dispatch", "office")),
    "approver": ("审核员", ("approve", "follow_up")),
    "supervisor": ("督办员", ("supervise",)),
    "head": ("热线办主任", ("sign",)),
}
DESKS = {
    "to_dispatch": "dispatch",
    "to_accept": "unit",
    "in_progress": "unit",
    "rectifying": "unit",
    "to_approve": "approve",
    "to_follow_up": "follow_up",
    "supervision_review": "supervise",
    "reported_to_discipline": "supervise",
}
"""Where a ticket of each state is found by the person whose step it is."""
TYPED = ("text", "long_text", "number", "date")


@dataclass(frozen=True)
class Offices:
    """One window for each person, signed in; `lead` and `side` are units."""

    house: House
    windows: dict[str, Window]
    lead: int
    side: int

    async def do(self, who: str, ticket: int, move: str, desk: str = "", **form: Any) -> None:
        """A person finds the ticket on her desk, opens it, fills in a move and does it.

        The page then shows the step in the ticket's timeline.
        """
        window = self.windows[who]
        await self.find(window, ticket, desk or DESKS[await self.state(ticket)])
        await self.fill_in(window, move, filled(BY_NAME[move], **form), shows=move)

    async def follow_up(self, ticket: int, stars: int, leads_to: str, text: str = "") -> None:
        """The caller is asked, and says how satisfied he is; the rules say where it leads."""
        window = self.windows["approver"]
        await self.find(window, ticket, "follow_up")
        form = {"reached": True, "stars": stars, "how": "person"} | ({"text": text} if text else {})
        await self.fill_in(window, "follow_up", form, shows=leads_to)

    async def sign(self, ticket: int, move: str) -> None:
        """The head reads the paper beside the ticket and signs."""
        window = self.windows["head"]
        await window.page.goto(f"{self.house.address}/desks/sign")
        await window.page.click(f'[data-test="sign-row"][data-ticket="{ticket}"]')
        await window.press(f"move-{move}")
        await window.press("move-submit")
        await window.says("move-said", "已")

    async def fill_in(self, window: Window, move: str, form: dict[str, Any], *, shows: str) -> None:
        shown = await self.shown(window, shows)
        await window.press(f"move-{move}")
        await window.see("move-dialog")
        for field in BY_NAME[move].fields:
            if field.name in form:
                await answer(window, field, form[field.name])
        await window.press("move-submit")

        async def look() -> bool:
            return await self.shown(window, shows) > shown

        await until(look, f"{shows} stands in the timeline")

    async def find(self, window: Window, ticket: int, desk: str) -> None:
        """Open the ticket from the desk where it waits."""
        await window.page.goto(f"{self.house.address}/desks/{desk}")
        await window.see("ticket-list")
        await window.page.click(f'[data-test="ticket-row"][data-ticket="{ticket}"]')
        await window.see("ticket-facts-state")

    async def shown(self, window: Window, move: str) -> int:
        """How often a step stands in the timeline of the open ticket."""
        return await window.page.locator(window.at(f"timeline-{move}")).count()

    async def state(self, ticket: int) -> str:
        from tickets import store

        found = await self.house.copy.db.read(store.get, ticket)
        assert found is not None
        return found.state


async def answer(window: Window, field: Field, value: Any) -> None:
    """Fill in one field as a person does."""
    hook = f"field-{field.name}"
    if field.kind in TYPED:
        await window.type(hook, str(value))
    elif field.kind == "flag":
        await window.press(f"{hook}-{'yes' if value else 'no'}")
    elif field.kind in ("unit", "units"):
        for one in value if isinstance(value, list) else [value]:
            await window.page.click(window.at(hook))
            await window.press(f"{hook}-{one}")
    else:
        for one in value if isinstance(value, list) else [value]:
            await window.press(f"{hook}-{one}")


async def open_offices(
    house: House, browsers: Browsers, windows: Opener, only: tuple[str, ...] = ()
) -> Offices:
    """Make the units and the people, and sign everybody in at a window of her own."""
    people = {
        kind: await house.person("agent", name=name, seat=False)
        for kind, (name, _) in DUTIES.items()
    }
    people["unit"] = await house.person("unit", name="市场监管局经办人")

    def furnish(conn: Connection) -> tuple[int, int]:
        lead, side = (
            conn.execute(
                insert(unit).returning(unit.c.id),
                {"code": f"{people['unit'].login}-{n}", "name": name, "addresses": {}},
            ).scalar_one()
            for n, name in enumerate(("市场监管局", "人社局"))
        )
        conn.execute(
            insert(account_duty),
            [
                {"account_id": people[kind].account_id, "duty": duty}
                for kind, (_, duties) in DUTIES.items()
                for duty in duties
            ],
        )
        member = {"account_id": people["unit"].account_id, "unit_id": lead, "head": False}
        conn.execute(insert(unit_member), member)
        return lead, side

    lead, side = await house.copy.db.write(furnish)
    opened: dict[str, Window] = {}
    for kind, person in people.items():
        if only and kind not in only:
            continue
        opened[kind] = await windows(browsers.agents)
        await sign_in(house, opened[kind], person)
    return Offices(house, opened, lead, side)


async def in_catalogue(house: House, unit_id: int, class_code: str) -> None:
    """The dispatch catalogue names the unit for a class."""

    def write(conn: Connection) -> None:
        conn.execute(
            insert(dispatch_rule),
            {"class_code": class_code, "region": "", "unit_id": unit_id, "assisting": []},
        )

    await house.copy.db.write(write)


async def agent_at_work(house: House, browsers: Browsers, windows: Opener) -> tuple[Person, Window]:
    person = await house.person()
    return person, await windows(browsers.agents)
