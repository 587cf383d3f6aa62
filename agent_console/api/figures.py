"""The day's figures: for heads, and for a wall display that knows the key."""

from __future__ import annotations

import hmac
from typing import Annotated

import msgspec
from msgspec import Meta

from agent_console.board import Figures
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import Problem, forbidden
from agent_console.roles import HEADS

operations = Operations("floor")


class WallKey(msgspec.Struct, forbid_unknown_fields=True):
    key: Annotated[str, Meta(max_length=128)] | None = None
    """Of a display without a sign-in (`console.wall_key`)."""


# Nobody needs to be signed in who has the key, so the roles are checked here.
@operations.add(
    "GET", "/floor/figures", "Figures and alarms of the day", roles=None, problems=(401, 403, 503)
)
async def read_figures(context: Context, *, query: WallKey) -> Figures:
    if not _opens(context.parts.settings.console.wall_key, query.key):
        if context.signed_in is None and query.key is not None:
            raise Problem(401, "大屏密钥不对，请联系管理员", code="wrong-wall-key")
        if context.account.role not in HEADS:
            raise forbidden("您的角色没有这项权限")
    return context.services.board.figures()


def _opens(wall_key: str | None, given: str | None) -> bool:
    return bool(wall_key and given) and hmac.compare_digest(
        str(wall_key).encode(), str(given).encode()
    )
