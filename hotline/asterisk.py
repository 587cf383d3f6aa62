"""Our Asterisk over time: kept running beside the parts, and by hand with `hotline asterisk`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

from config.model import Settings
from dialplan import render
from dialplan.process import AsteriskProcess
from hotline import prepare
from hotline.progress import step

log = logging.getLogger("hotline.asterisk")

RESTARTS = 3
RESTARTS_WITHIN_S = 300.0
PAUSE_S = 1.0


class AsteriskKeepsDying(Exception):
    """It was started again several times and died again."""


async def keep_running(process: AsteriskProcess) -> None:
    """Start Asterisk again whenever it dies; the controller connects again by itself.

    Raises AsteriskKeepsDying after `RESTARTS` deaths within `RESTARTS_WITHIN_S`.
    """
    deaths: deque[float] = deque(maxlen=RESTARTS + 1)
    while True:
        code = await process.watch()
        deaths.append(time.monotonic())
        if len(deaths) > RESTARTS and deaths[-1] - deaths[0] < RESTARTS_WITHIN_S:
            raise AsteriskKeepsDying(f"Asterisk died {len(deaths)} times; {process.log_file}")
        log.error("Asterisk has died (status %s); its calls are lost. Starting it again", code)
        await asyncio.sleep(PAUSE_S)
        await process.start()


def by_hand(settings: Settings, what: str) -> int:
    """`hotline asterisk get|render|start|stop|status`; the code of the command."""
    home = prepare.asterisk_home(settings)
    if what == "get":
        return 0
    if what == "render":
        with step("configuration", "see to the setting that the message names") as running:
            running.say(str(render.render(settings, home).etc))
        return 0
    return asyncio.run(_by_hand(AsteriskProcess(settings, home), what))


async def _by_hand(process: AsteriskProcess, what: str) -> int:
    if what == "start":
        with step("starting Asterisk", "see to what the message names") as running:
            running.say("started" if await process.start() else "it was running already")
        return 0
    if what == "stop":
        with step("stopping Asterisk", "end the process by its id"):
            await process.stop()
        return 0
    health = await process.status()
    print(f"  {'✓' if health.ok else '✗'} {health.detail}")
    return 0 if health.ok else 1
