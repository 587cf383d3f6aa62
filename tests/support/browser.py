"""A real Chromium for a test: each process says a tone of its own, each page tells what it hears.

What a page hears is measured in the page, by an analyser on every remote track.
"""

from __future__ import annotations

import asyncio
import re
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    ViewportSize,
)

T = TypeVar("T")
EXECUTABLE = Path("/usr/bin/chromium")
DESK = ViewportSize(width=1366, height=768)
WITHIN_S = 40.0
"""Long enough for a busy machine; nothing is asserted about how long things take."""
LOOK_AGAIN_S = 0.05

_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
_VOICE_RATE_HZ = 48_000

EARS = """
(() => {
  const Peer = window.RTCPeerConnection;
  if (Peer === undefined) return;
  const heard = [];
  window.testEars = {
    heard,
    forget: () => heard.splice(0),
    count: (hz) => heard.filter(([peak, db]) => Math.abs(peak - hz) < 20 && db > -70).length,
  };
  let context = null;
  function listen(track) {
    context ??= new AudioContext();
    const ear = context.createAnalyser();
    ear.fftSize = 4096;
    ear.smoothingTimeConstant = 0;
    context.createMediaStreamSource(new MediaStream([track])).connect(ear);
    const bins = new Float32Array(ear.frequencyBinCount);
    const timer = setInterval(() => {
      if (track.readyState === 'ended') return clearInterval(timer);
      ear.getFloatFrequencyData(bins);
      let peak = 0;
      for (let bin = 1; bin < bins.length; bin += 1) if (bins[bin] > bins[peak]) peak = bin;
      heard.push([peak * context.sampleRate / ear.fftSize, bins[peak]]);
      if (heard.length > 4000) heard.splice(0, 2000);
    }, 25);
  }
  window.RTCPeerConnection = class extends Peer {
    constructor(...words) {
      super(...words);
      this.addEventListener('track', (event) => listen(event.track));
    }
  };
})();
"""


def voice(path: Path, hz: float) -> Path:
    """A person's voice as a WAV: bursts of one tone, since a lasting one is taken for noise."""
    burst = np.arange(round(0.3 * _VOICE_RATE_HZ)) / _VOICE_RATE_HZ
    edge = np.minimum(1.0, np.minimum(burst, burst[::-1]) / 0.01)
    sound = np.concatenate(
        [0.5 * edge * np.sin(2 * np.pi * hz * burst), np.zeros(round(0.3 * _VOICE_RATE_HZ))]
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_VOICE_RATE_HZ)
        file.writeframes((np.tile(sound, 10) * 32767).astype("<i2").tobytes())
    return path


@asynccontextmanager
async def chromium(playwright: Playwright, sound: Path | None) -> AsyncIterator[Browser]:
    """A browser whose microphone says `sound`; None: it refuses every page the microphone."""
    if sound is None:
        voiced: tuple[str, ...] = (
            "--use-fake-device-for-media-stream",
            "--deny-permission-prompts",
        )
    else:
        voiced = (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}",
        )
    browser = await playwright.chromium.launch(
        executable_path=EXECUTABLE, headless=True, args=[*_QUIET, *voiced]
    )
    try:
        yield browser
    finally:
        await browser.close()


async def until(look: Callable[[], Awaitable[T]], what: str, within_s: float = WITHIN_S) -> T:
    """Look again and again until what is found is true."""
    found: T | None = None
    try:
        async with asyncio.timeout(within_s):
            while not (found := await look()):  # noqa: ASYNC110 - another process
                await asyncio.sleep(LOOK_AGAIN_S)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {within_s:g} s (last: {found!r})") from None
    return found


class Window:
    """One page in a context of its own, with what its console said.

    Whatever the console says in error is a failure at `check`, unless it was expected before.
    """

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.said: list[str] = []
        self.answers: list[tuple[int, str]] = []
        """Status and address of every answer."""
        self._expected: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"pageerror {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def expect(self, *patterns: str) -> None:
        """These words of the console are part of the test."""
        self._expected += patterns

    def unexpected(self) -> list[str]:
        return [
            said
            for said in self.said
            if not any(re.search(pattern, said) for pattern in self._expected)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.said.append(f"{message.type} {message.text} {where}")

    def _failed(self, request: Request) -> None:
        # Aborted is what happens to a request whose page went on.
        if request.failure and "ERR_ABORTED" not in request.failure:
            self.said.append(f"request {request.failure} {request.url}")

    def _answered(self, response: Response) -> None:
        self.answers.append((response.status, response.url))

    def answered(self, status: int, part: str) -> bool:
        return any(status == one and part in url for one, url in self.answers)

    # --- what is on the page

    def at(self, hook: str, **data: object) -> str:
        """The selector of a test hook (docs/console.md), with its data attributes."""
        more = "".join(f'[data-{name}="{value}"]' for name, value in data.items())
        return f'[data-test="{hook}"]{more}'

    async def see(self, hook: str, within_s: float = WITHIN_S, **data: object) -> None:
        await self.page.wait_for_selector(self.at(hook, **data), timeout=within_s * 1000)

    async def gone(self, hook: str, within_s: float = WITHIN_S, **data: object) -> None:
        await self.page.wait_for_selector(
            self.at(hook, **data), state="detached", timeout=within_s * 1000
        )

    async def press(self, hook: str) -> None:
        await self.page.click(self.at(hook), timeout=WITHIN_S * 1000)

    async def type(self, hook: str, words: str) -> None:
        """Into the field of this name, or the one inside it."""
        await self.page.fill(self.field(hook), words, timeout=WITHIN_S * 1000)

    def field(self, hook: str) -> str:
        inner = ", ".join(f"{self.at(hook)} {tag}" for tag in ("input", "textarea"))
        return f"input{self.at(hook)}, textarea{self.at(hook)}, {inner}"

    async def typed(self, hook: str) -> str:
        return await self.page.input_value(self.field(hook))

    async def text(self, hook: str) -> str:
        return await self.page.inner_text(self.at(hook), timeout=WITHIN_S * 1000)

    async def says(self, hook: str, words: str) -> str:
        """Wait until the place holds these words; its whole text."""

        async def look() -> str | None:
            found = await self.page.query_selector(self.at(hook))
            text = await found.inner_text() if found else ""
            return text if words in text else None

        found = await until(look, f"{hook} says {words!r}")
        assert found is not None
        return found

    async def shows(self, path: Path) -> Path:
        await self.page.screenshot(path=path)
        return path

    # --- what is heard on the page

    async def forget_sound(self) -> None:
        await self.page.evaluate("testEars.forget()")

    async def hears(self, hz: float, times: int = 8, within_s: float = WITHIN_S) -> None:
        """The tone is what the page hears, `times` fortieths of a second in all."""

        async def look() -> bool:
            heard: int = await self.page.evaluate("(hz) => testEars.count(hz)", hz)
            return heard >= times

        try:
            await until(look, f"{hz:g} Hz is heard", within_s)
        except AssertionError as error:
            last: Any = await self.page.evaluate("testEars.heard.slice(-40)")
            raise AssertionError(f"{error}; last peaks {last}") from None


async def open_window(browser: Browser, *, microphone: bool = True) -> Window:
    """A context of its own: nothing is shared with any other window."""
    context = await browser.new_context(
        viewport=DESK,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        permissions=["microphone"] if microphone else [],
    )
    context.set_default_timeout(WITHIN_S * 1000)
    await context.add_init_script(EARS)
    return Window(context, await context.new_page())
