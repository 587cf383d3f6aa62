"""Keeping an eye on sessions: open pages keep theirs in use, ended ones lose their sockets."""

from __future__ import annotations

import asyncio
import logging

from agent_console import auth
from agent_console.services import Services
from db.engine import DatabaseUnavailable

log = logging.getLogger("hotline.console")

EVERY_S = 15.0


async def check_sessions(services: Services) -> None:
    """One look: also notices sign-outs made at another console process."""
    parts = services.parts
    citizens = services.citizens.holders()
    open_now = sorted((services.hub.sessions() | services.sip.sessions()) - citizens)
    if not open_now:
        return
    now_ms = parts.now_ms()
    alive = await parts.database.read(auth.still_alive, open_now, now_ms)
    if alive:
        await parts.database.write(auth.touch, sorted(alive), now_ms)
    for session_id in open_now:
        if session_id not in alive:
            await services.hub.end_session(session_id)
            await services.sip.end_session(session_id)


async def keep(services: Services) -> None:
    """Look again and again; runs until cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await check_sessions(services)
        except DatabaseUnavailable:
            log.warning("sessions could not be checked; trying again")
