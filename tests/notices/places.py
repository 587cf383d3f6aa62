"""Places with channels, outboxes with rows, and workers, for the tests of notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, insert, select, update

from config.channels import Cmpp, Hook, Notices, Robot, SmsHttp, Team
from config.load import load
from config.model import Settings
from db import Database
from db.clock import now_ms
from db.models import outbox, ticket, ticket_contact, unit
from db.sealed import Sealer
from notices.outcome import Channel, Notice
from notices.worker import Worker
from tickets import outbox as door

KEY = bytes(range(32))
SEALER = Sealer(KEY)
REPORTER = "13800007777"
DUTY = "13800008888"
TICKET_NUMBER = "20261122-00001"
LIMIT_S = 60.0
"""How long a test waits for what must come; only a failing test waits so long."""


@dataclass(frozen=True)
class Place:
    settings: Settings


@cache
def shipped() -> Settings:
    """The shipped settings without quiet hours: a test must not depend on the time of day."""
    own = load(environ={})
    return replace(own, notices=replace(own.notices, quiet_to=own.notices.quiet_from))


def settings_with(**parts: Any) -> Settings:
    """The shipped settings with these parts of `[notices]`."""
    return replace(shipped(), notices=replace(shipped().notices, **parts))


def notices_with(**parts: Any) -> Notices:
    return settings_with(**parts).notices


def dingtalk(url: str, *names: str) -> dict[str, Any]:
    own = shipped().notices.dingtalk
    robots = tuple(Robot(name, f"token-{name}", "SECmade-up") for name in names or ("group",))
    return {"dingtalk": replace(own, on=True, url=f"{url}/robot/send", robots=robots)}


def zwding(url: str) -> dict[str, Any]:
    own = shipped().notices.zwding
    return {
        "zwding": replace(
            own, on=True, url=url, tenant_id="t1", app_key="key-1", app_secret="made-up"
        )
    }


def sms_http(url: str, *, form: str = "json", idempotent: bool = False) -> dict[str, Any]:
    http = SmsHttp(
        url=f"{url}/send",
        form="json" if form == "json" else "form",
        body={"mobile": "{to}", "content": "{text}", "sn": "{key}"},
        headers={"X-Api-Key": "made-up"},
        success_field="result.code",
        success_values=("OK",),
        later_values=("E503",),
        reference_field="result.id",
        idempotent=idempotent,
    )
    return {"sms": replace(shipped().notices.sms, gateway="http", http=http)}


def cmpp_of(port: int, **more: Any) -> Cmpp:
    own = shipped().notices.sms.cmpp
    return replace(
        own, host="127.0.0.1", port=port, source_addr="901234", secret="made-up",
        src_id="1069012345", service_id="hotline", **more,
    )  # fmt: skip


def sms_cmpp(port: int, **more: Any) -> dict[str, Any]:
    sms = shipped().notices.sms
    return {"sms": replace(sms, gateway="cmpp", cmpp=cmpp_of(port, **more))}


def email(port: int) -> dict[str, Any]:
    own = shipped().notices.email
    return {
        "email": replace(
            own, on=True, host="127.0.0.1", port=port, login="hotline", password="made-up",
            sender="12345@example.cn",
        )
    }  # fmt: skip


def webhook(url: str) -> dict[str, Any]:
    hooks = (Hook("platform", f"{url}/hook", "made-up"),)
    return {"webhook": replace(shipped().notices.webhook, on=True, hooks=hooks)}


def team(**more: Any) -> dict[str, Any]:
    blank: dict[str, Any] = {
        "zwding": (), "email": (), "sms": (), "dingtalk": None, "webhook": None,
    }  # fmt: skip
    return {"teams": (Team(name="supervisors", **(blank | more)),)}


# --- rows ---


def furnish(conn: Connection) -> int:
    """A unit, a ticket and its reporter's number; the ticket's id."""
    conn.execute(
        insert(unit),
        {
            "id": 5, "code": "scjg", "name": "市场监管局", "duty_name": "", "open": True,
            "duty_sealed": SEALER.seal(DUTY), "duty_masked": "138****8888", "region": "",
            "version": 1,
            "addresses": {
                "zwding": "acc-1,acc-2", "email": "duty@example.cn", "dingtalk": "group",
                "webhook": "platform", "head_zwding": "acc-9",
            },
        },
    )  # fmt: skip
    at_ms = now_ms()
    ticket_id = conn.execute(
        insert(ticket).returning(ticket.c.id),
        {
            "number": TICKET_NUMBER, "source": "web", "state": "draft", "caller_hash": "h",
            "caller_masked": "138****7777", "created_ms": at_ms, "updated_ms": at_ms,
            "version": 1, "company": "", "text": "", "complete": False,
        },
    ).scalar_one()  # fmt: skip
    conn.execute(
        insert(ticket_contact),
        {
            "ticket_id": ticket_id, "number_sealed": SEALER.seal(REPORTER), "number_hash": "h",
            "number_masked": "138****7777", "at_ms": at_ms,
        },
    )  # fmt: skip
    return int(ticket_id)


def put(
    conn: Connection,
    /,
    settings: Settings,
    *,
    to: str,
    template: str = "dispatched",
    key: str = "k1",
    ticket_id: int | None = 1,
    **args: Any,
) -> None:
    door.put(
        conn, Place(settings), template=template, to=to, ticket_id=ticket_id, args=args, key=key
    )


def all_rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(outbox).order_by(outbox.c.id)))


def set_row(conn: Connection, /, row_id: int, **values: Any) -> None:
    conn.execute(update(outbox).where(outbox.c.id == row_id).values(**values))


async def row_when(
    database: Database, condition: Callable[[Any], bool], row_id: int = 1, what: str = "the row"
) -> Any:
    """The row as soon as it is as wanted; fails with how it stands instead."""
    row: Any = None
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                rows = await database.read(all_rows)
                row = next((row for row in rows if row.id == row_id), None)
                if row is not None and condition(row):
                    return row
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}: {row}") from None


async def rows_when(
    database: Database, condition: Callable[[Sequence[Any]], bool]
) -> Sequence[Any]:
    """All rows as soon as they are as wanted; fails with how they stand instead."""
    rows: Sequence[Any] = ()
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                rows = await database.read(all_rows)
                if condition(rows):
                    return rows
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain: {rows}") from None


@asynccontextmanager
async def working(
    settings: Settings, database: Database, channels: Sequence[Channel] | None = None
) -> AsyncIterator[Worker]:
    """A worker at work; with channels of a test in place of the settings' ones."""
    more = {} if channels is None else {"build": lambda *_: channels}
    worker = Worker(settings, database, SEALER, poll_s=0.05, **more)
    running = asyncio.create_task(worker.run(), name="worker")
    try:
        yield worker
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await worker.stop()


def notice(
    text: str = "工单20261122-00001已派至贵单位。", to: tuple[str, ...] = (REPORTER,)
) -> Notice:
    return Notice(1, "k1", "dispatched", "派单", text, TICKET_NUMBER, 1_795_000_000_000, to)
