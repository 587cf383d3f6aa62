"""One house and three browsers for all tests here; each test brings people of its own.

Everything runs on one loop, since a house started in one loop can't be used in another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from tests.support.browser import Window, chromium, open_window, voice
from tests.support.console import House, running_house
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

HERE = Path(__file__).parent
TEST_WITHIN_S = 300
"""Three of these at a time drive six browsers: on a busy machine one takes minutes."""
failed = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.slow)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_WITHIN_S))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):  # type: ignore[no-untyped-def]
    report = yield
    item.stash[failed] = item.stash.get(failed, False) or report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house() -> AsyncIterator[House]:
    async with running_house(outside=True) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@dataclass(frozen=True)
class Browsers:
    """Two that can speak, each with its own tone."""

    agents: Browser
    citizens: Browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browsers]:
    voices = tmp_path_factory.mktemp("voices")
    agent = voice(voices / "agent.wav", SEAT_HZ)
    citizen = voice(voices / "citizen.wav", CITIZEN_HZ)
    async with chromium(playwright, agent) as one, chromium(playwright, citizen) as other:
        yield Browsers(one, other)


Opener = Callable[..., Awaitable[Window]]


@pytest_asyncio.fixture(loop_scope="session")
async def windows(
    request: pytest.FixtureRequest, house: House, tmp_path: Path
) -> AsyncIterator[Opener]:
    """Opens windows, `await windows(browser)`; keeps their last sight when the test fails.

    No console may have complained, and everybody leaves when the test is over.
    """
    opened: list[Window] = []

    async def opener(browser: Browser, **more: object) -> Window:
        opened.append(await open_window(browser, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    if request.node.stash.get(failed, False):
        for number, window in enumerate(opened):
            await window.shows(tmp_path / f"last-sight-{number}.png")
            (tmp_path / f"console-{number}.txt").write_text(
                "\n".join([*window.said, *(f"{status} {url}" for status, url in window.answers)])
            )
        events = await house.copy.events_of(await house.newest_call())
        print(f"screenshots are in {tmp_path}\nlast call: {events}\n{house.copy.log()}")
    complaints = [said for window in opened for said in window.unexpected()]
    for window in opened:
        await window.context.close()
    await house.everybody_goes()
    assert not complaints
