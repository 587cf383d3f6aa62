"""The measures that pages are held to do notice what they are for."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import fits, reads_well
from tests.support.browser import until
from tests.support.console import House


async def test_given_pale_letters_when_page_is_held_to_contrast_then_they_are_named(
    browsers: Browsers, windows: Opener
) -> None:
    window = await windows(browsers.agents)
    await window.page.set_content(
        '<p style="color:#333">深色</p><p style="color:#999">浅色</p>'
        '<button disabled style="color:#ccc">不可按</button>'
    )
    with pytest.raises(AssertionError, match="浅色") as caught:
        await reads_well(window)
    assert "深色" not in str(caught.value)
    assert "不可按" not in str(caught.value)


WIDE = '<div style="width:1500px">宽</div>'
STICKING_OUT = (
    '<div style="position:fixed;inset:0;overflow:hidden">'
    '<button style="position:absolute;left:1360px">按</button></div>'
)


@pytest.mark.parametrize("body", [WIDE, STICKING_OUT], ids=["wide", "sticking out"])
async def test_given_page_that_is_too_wide_when_held_to_the_window_then_it_is_named(
    browsers: Browsers, windows: Opener, body: str
) -> None:
    window = await windows(browsers.agents)
    await window.page.set_content(body)
    with pytest.raises(AssertionError):
        await fits(window)


async def test_given_script_that_the_policy_forbids_when_put_into_a_page_then_it_is_a_complaint(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    window = await windows(browsers.agents)
    await window.page.goto(f"{house.address}/no/such/page")
    await window.see("not-found")
    assert not window.unexpected()
    await window.page.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.ran = true';
          document.body.append(script);
        }"""
    )

    async def complaints() -> list[str]:
        return window.unexpected()

    assert "Content Security Policy" in (await until(complaints, "a complaint"))[0]
    assert await window.page.evaluate("window.ran") is None
    window.expect("Content Security Policy")
