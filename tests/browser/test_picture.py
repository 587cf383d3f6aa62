"""The picture of the README: a call in hand and its form filled.

HOTLINE_PICTURE=1 .venv/bin/python -m pytest tests/browser/test_picture.py
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import fill, take_seat, talk
from tests.support.console import House
from tests.support.settings import ROOT

PICTURE = ROOT / "docs" / "console.png"
MOST_BYTES = 300_000
WORDS = (
    "企业拟在镇上新设一家早餐店，11 月 18 日到政务服务中心申请食品经营许可，"
    "窗口要求另交一份公示清单以外的场地说明。\n"
    "企业询问：该材料是否必须提交，可否在网上补交，多少个工作日可以办结。"
)


async def test_given_call_with_filled_form_when_pictured_then_it_is_small_and_whole(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    person = await house.person(name="话务员甲")
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    await fill(agent, WORDS)
    await agent.page.mouse.move(0, 0)
    wanted = os.environ.get("HOTLINE_PICTURE") == "1"
    made = await agent.shows(PICTURE if wanted else tmp_path / "console.png")
    assert made.stat().st_size < MOST_BYTES
    await citizen.press("phone-hang-up")
    await agent.see("seat-state", state="wrap_up")
