"""Each channel against a server that speaks the real protocol and refuses, stalls and breaks off.

What holds for all: what was taken once is never sent a second time where nobody could tell, and
what was not taken is tried again.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from config.model import Settings
from db import Database
from db.clock import now_ms
from notices import channels
from notices import cmpp as cmpp_module
from notices import email as email_module
from notices.email import Left, Mail
from notices.outcome import Channel
from tests.notices import places
from tests.notices.places import REPORTER, all_rows, put, row_when, set_row, working
from tests.support.gateways.cmpp import CmppGateway
from tests.support.gateways.faults import Faulty
from tests.support.gateways.http import DingTalkGroup, GovernmentDing, HookReceiver, SmsGate
from tests.support.gateways.mail import MailServer

HOUR_S = 3600.0


@dataclass
class Scene:
    """A far end, the settings that lead to it, and how many messages people would see."""

    server: Any
    settings: Settings
    to: str
    template: str
    seen: Callable[[], int]
    idempotent: bool
    trusted: ssl.SSLContext | None = None

    def build(self, *given: Any) -> list[Channel]:
        if self.trusted is not None:
            notices = self.settings.notices
            return [Mail(notices.email, notices.send_s, self.trusted)]
        return channels.build(*given)


@asynccontextmanager
async def robot() -> AsyncIterator[Scene]:
    async with DingTalkGroup("token-group", "SECmade-up") as server:
        settings = places.settings_with(**places.dingtalk(server.url))
        yield Scene(server, settings, "unit:5", "dispatched", lambda: len(server.taken), False)


@asynccontextmanager
async def government() -> AsyncIterator[Scene]:
    async with GovernmentDing("key-1", "made-up", "t1") as server:
        settings = places.settings_with(**places.zwding(server.url))
        yield Scene(server, settings, "unit_head:5", "urged", lambda: len(server.shown), True)


@asynccontextmanager
async def gate(form: str = "json", *, idempotent: bool = False) -> AsyncIterator[Scene]:
    async with SmsGate("made-up", form) as server:
        settings = places.settings_with(
            **places.sms_http(server.url, form=form, idempotent=idempotent)
        )
        yield Scene(server, settings, "caller:1", "received", lambda: len(server.taken), idempotent)


@asynccontextmanager
async def cmpp() -> AsyncIterator[Scene]:
    async with CmppGateway("901234", "made-up") as server:
        settings = places.settings_with(**places.sms_cmpp(server.port))
        yield Scene(server, settings, "caller:1", "received", lambda: len(server.taken), False)


@asynccontextmanager
async def mail() -> AsyncIterator[Scene]:
    async with MailServer("hotline", "made-up") as server:
        settings = places.settings_with(**places.email(server.port))
        yield Scene(
            server, settings, "unit:5", "dispatched", lambda: len(server.taken), False,
            server.context,
        )  # fmt: skip


@asynccontextmanager
async def hook() -> AsyncIterator[Scene]:
    async with HookReceiver("made-up") as server:
        settings = places.settings_with(**places.webhook(server.url))
        yield Scene(server, settings, "unit:5", "dispatched", lambda: len(server.taken), True)


SCENES: dict[str, Callable[[], AbstractAsyncContextManager[Scene]]] = {
    "dingtalk": robot,
    "zwding": government,
    "sms_json": gate,
    "sms_form": lambda: gate("form"),
    "sms_idempotent": lambda: gate(idempotent=True),
    "sms_cmpp": cmpp,
    "email": mail,
    "webhook": hook,
}


@pytest.fixture(params=SCENES)
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    async with SCENES[request.param]() as made:
        yield made


@asynccontextmanager
async def at_work(scene: Scene, database: Database, **parts: Any) -> AsyncIterator[None]:
    notices = replace(scene.settings.notices, **{"first_wait_s": HOUR_S} | parts)
    settings = replace(scene.settings, notices=notices)
    scene.settings = settings
    made = scene.build(notices, None, None) if scene.trusted else None
    async with working(settings, database, made):
        yield


async def written(scene: Scene, database: Database) -> None:
    await database.write(places.furnish)
    await database.write(put, scene.settings, to=scene.to, template=scene.template)


async def test_given_a_notice_when_all_is_well_then_it_is_sent_once(
    scene: Scene, sqlite: Database
) -> None:
    await written(scene, sqlite)
    async with at_work(scene, sqlite):
        row = await row_when(sqlite, lambda row: row.state == "sent")
    assert (row.tries, row.error, scene.seen()) == (1, None, 1)
    assert row.done_ms is not None


async def test_given_a_refusal_for_good_then_it_fails_at_once_and_says_why(
    scene: Scene, sqlite: Database
) -> None:
    scene.server.fault = "refuse"
    await written(scene, sqlite)
    async with at_work(scene, sqlite):
        row = await row_when(sqlite, lambda row: row.state == "failed")
    assert (row.tries, scene.seen()) == (1, 0)
    assert row.error
    assert "结果未知" not in row.error
    assert REPORTER not in row.error


async def test_given_a_refusal_for_now_then_it_is_sent_by_a_later_try(
    scene: Scene, sqlite: Database
) -> None:
    scene.server.fault = "later"
    await written(scene, sqlite)
    async with at_work(scene, sqlite):
        row = await row_when(sqlite, lambda row: row.state == "waiting" and row.tries == 1)
        assert row.error
        assert row.next_ms > now_ms() + HOUR_S / 4 * 1000
        scene.server.fault = ""
        await sqlite.write(set_row, 1, next_ms=now_ms())
        row = await row_when(sqlite, lambda row: row.state == "sent")
    assert (row.tries, row.error, scene.seen()) == (2, None, 1)


class ShortForTheLast(Left):
    """Time enough for all that leads to a mail's end, little for the answer to it."""

    def __init__(self, _limit_s: float) -> None:
        super().__init__(60.0)
        self._given = 0

    def give(self, server: smtplib.SMTP) -> None:
        self._given += 1
        if server.sock is not None:
            # TLS, greeting, login, envelope, and then the mail.
            server.sock.settimeout(0.3 if self._given == 5 else self())


@pytest.mark.parametrize("fault", ["stall", "break_after"])
async def test_given_no_answer_after_it_was_taken_then_nobody_gets_it_twice(
    scene: Scene, sqlite: Database, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_module, "Left", ShortForTheLast)
    scene.server.fault = fault
    await written(scene, sqlite)
    # A try by HTTP or CMPP is unknown wherever on its way the limit falls.
    limit_s = 0.5 if fault == "stall" and scene.trusted is None else 20.0
    async with at_work(scene, sqlite, send_s=limit_s):
        if not scene.idempotent:
            row = await row_when(sqlite, lambda row: row.state == "failed")
            assert row.error.startswith("结果未知")
        else:
            await row_when(sqlite, lambda row: row.state == "waiting" and row.tries == 1)
            scene.server.fault = ""
            scene.server.released.set()
            await sqlite.write(set_row, 1, next_ms=now_ms())
    async with at_work(scene, sqlite):
        if scene.idempotent:
            await row_when(sqlite, lambda row: row.state == "sent" and row.tries >= 2)
    assert scene.seen() <= 1
    assert scene.seen() == 1 or fault == "stall", "a stall may fall on the way there"


async def test_given_nobody_listens_then_it_waits(
    scene: Scene, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cmpp_module, "LINE_S", 0.01)
    server: Faulty = scene.server
    await scene.server.__aexit__()
    await written(scene, sqlite)
    async with at_work(scene, sqlite):
        row = await row_when(sqlite, lambda row: row.state == "waiting" and row.tries == 1)
    assert row.error
    assert server.asked == 0


async def test_rows_hold_no_address(scene: Scene, sqlite: Database) -> None:
    await written(scene, sqlite)
    for row in await sqlite.read(all_rows):
        assert REPORTER not in str(row)
        assert "example.cn" not in str(row)
        assert "acc-" not in str(row)
