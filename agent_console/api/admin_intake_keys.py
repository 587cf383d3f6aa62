"""Keys by which other platforms bring tickets in, for the administrator."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from agent_console.api.fields import NO_NUL, RowPath
from agent_console.api.kept import wrong
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import refused
from agent_console.roles import ADMINS
from tickets import intake
from tickets.kept import Mistake

operations = Operations("admin-intake-keys")


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """`name`: which platform it is for."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]


class KeyRow(msgspec.Struct, frozen=True):
    """A key without the key itself; `closed_ms`: nothing comes by it any more."""

    id: int
    name: str
    created_ms: int
    created_by: str
    used_ms: int | None
    closed_ms: int | None


class KeyRows(msgspec.Struct, frozen=True):
    items: list[KeyRow]


class KeyMade(msgspec.Struct, frozen=True):
    """The key is shown this once and kept nowhere."""

    row: KeyRow
    key: str


@operations.add("GET", "/admin/intake-keys", "Keys of other platforms", roles=ADMINS)
async def list_keys(context: Context) -> KeyRows:
    found = await context.parts.database.read(intake.keys)
    return KeyRows([shown(one) for one in found])


@operations.add("POST", "/admin/intake-keys", "Make a key", roles=ADMINS, problems=(422,))
async def make_key(context: Context, *, body: NewKey) -> KeyMade:
    name = body.name.strip()
    if not name:
        raise wrong(Mistake("name", "请填写平台名称"))
    row, key = await context.parts.database.write(intake.make_key, name, context.account.id)
    return KeyMade(shown(row), key)


@operations.add(
    "POST", "/admin/intake-keys/{id}/close", "Close a key for good", roles=ADMINS, problems=(409,)
)
async def close_key(context: Context, *, path: RowPath) -> KeyRow:
    try:
        closed = await context.parts.database.write(intake.close_key, path.id, context.account.id)
    except intake.NoSuchKey:
        raise refused("没有这个密钥，或已经停用", "no-such-key") from None
    return shown(closed)


def shown(found: intake.IntakeKey) -> KeyRow:
    return msgspec.convert(found, KeyRow, from_attributes=True)
