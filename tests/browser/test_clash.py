"""Two people write one ticket: the second is told, and no word is lost."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import now, sign_in
from tests.support.browser import until
from tests.support.console import House
from tickets import store


async def test_given_two_writers_of_one_field_when_second_saves_then_she_chooses_and_loses_nothing(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    owner, head = await house.person(), await house.person("supervisor")
    ticket = await house.ticket(owner)
    first, second = await windows(browsers.agents), await windows(browsers.agents)
    await sign_in(house, first, owner, f"/tickets/{ticket}")
    await sign_in(house, second, head, f"/tickets/{ticket}")
    second.expect("status of 409")

    # The second's words are on their way when the first's arrive.
    first_is_saved = asyncio.Event()

    async def late(route: Route) -> None:
        await first_is_saved.wait()
        await route.continue_()

    await second.see("ticket-form")
    await second.page.route(f"**/api/v1/tickets/{ticket}", late)
    async with second.page.expect_request(lambda request: request.method == "PATCH"):
        await second.type("ticket-text", "班长补充：请核对材料清单")
    await first.type("ticket-text", "话务员填写：要求退还材料")
    await first.type("ticket-company", "某商贸有限公司")
    await first.says("ticket-saved", "已保存")

    async def both_kept() -> bool:
        there = await now(house, ticket)
        return bool(there.text and there.company)

    # On a busy machine each of the two fields can be a saving of its own.
    await until(both_kept, "both fields of the first are kept")
    first_is_saved.set()

    told = await second.says("ticket-clash", "已被他人修改")
    assert "班长补充：请核对材料清单" in told
    assert "话务员填写：要求退还材料" in told
    assert await second.typed("ticket-text") == "班长补充：请核对材料清单"
    await second.page.unroute_all(behavior="wait")
    await second.press("clash-mine")
    await second.says("ticket-saved", "已保存")
    await second.gone("ticket-clash")

    kept = await house.copy.db.read(store.get, ticket)
    assert kept is not None
    assert kept.text == "班长补充：请核对材料清单"
    assert kept.company == "某商贸有限公司", "the other field of the first is kept as well"
