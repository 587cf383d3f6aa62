"""The console's long-lived services, built once by `server` and handed to each request."""

from __future__ import annotations

from dataclasses import dataclass

from agent_console.board import Board
from agent_console.citizens import Citizens
from agent_console.health import Health
from agent_console.live import Hub
from agent_console.origins import Origins
from agent_console.parts import Parts
from agent_console.passwords import Passwords
from agent_console.phones import Phones
from agent_console.sip import SipWay
from agent_console.waiting import Outcomes
from floor.outlook import Outlooks


@dataclass(frozen=True, slots=True)
class Services:
    parts: Parts
    origins: Origins
    passwords: Passwords
    phones: Phones
    sip: SipWay
    citizens: Citizens
    hub: Hub
    health: Health
    outcomes: Outcomes
    board: Board
    outlooks: Outlooks
