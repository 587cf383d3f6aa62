"""The console's server: built from its parts, started, stopped in named steps."""

from __future__ import annotations

import asyncio
import logging
import ssl

import aiohttp
from aiohttp import web

from agent_console import auth, keeper, middleware, slowdown
from agent_console.board import Board
from agent_console.citizens import Citizens
from agent_console.context import SERVICES
from agent_console.health import Health
from agent_console.live import Hub
from agent_console.operations import MAX_BODY
from agent_console.origins import Origins
from agent_console.parts import Parts
from agent_console.passwords import Passwords
from agent_console.phones import Phones
from agent_console.routes import add_routes
from agent_console.services import Services
from agent_console.sip import SipWay
from agent_console.static import WebApplication
from agent_console.sweeping import Sweeper
from agent_console.waiting import Outcomes
from config.model import Console as ConsoleSettings
from db.engine import DatabaseUnavailable
from floor.outlook import Outlooks
from tickets import classes

log = logging.getLogger("hotline.console")

GRACE_S = 5.0
"""How long requests under way may take when the console stops."""
PRUNE_EVERY_S = 600.0


class Console:
    """A running console. `async with Console(parts) as console: await console.failed`.

    Attributes:
        port: the bound port (the settings' one may be 0: any free one).
        failed: raises when a background task of the console dies.
    """

    def __init__(self, parts: Parts, passwords: Passwords | None = None) -> None:
        self.port = 0
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parts = parts
        self._passwords = passwords or Passwords()
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._services = self._build()
        self._runner = web.AppRunner(
            _application(self._services), access_log=None, shutdown_timeout=GRACE_S
        )
        self._background: list[asyncio.Task[None]] = []
        self._stopped = False

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the console."""
        settings = self._parts.settings.console
        scheme = "https" if settings.tls_certificate else "http"
        host = settings.listen.host
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}:{self.port}"

    @property
    def services(self) -> Services:
        return self._services

    async def start(self) -> None:
        """Bind and serve; raises OSError when the address can't be had."""
        console = self._parts.settings.console
        await self._parts.database.write(classes.seed, self._parts.settings.tickets.classes)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, console.listen.host, console.listen.port, ssl_context=tls(console)
        )
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._services.origins.port = self.port
        self._background = [
            asyncio.create_task(self._services.hub.ping(), name="console-ping"),
            asyncio.create_task(keeper.keep(self._services), name="console-sessions"),
            asyncio.create_task(self._prune(), name="console-prune"),
            asyncio.create_task(self._services.board.keep(), name="console-figures"),
            asyncio.create_task(Sweeper(self._parts).keep(), name="console-sweep"),
        ]
        for task in self._background:
            task.add_done_callback(self._ended)
        log.info("the console listens on port %d", self.port)

    async def stop(self) -> None:
        """Sockets are told to come back, requests under way finish, then all is let go."""
        if self._stopped:
            return
        self._stopped = True
        for task in self._background:
            task.remove_done_callback(self._ended)
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._services.hub.stop()
        await self._services.sip.stop()
        await self._runner.cleanup()
        self._services.outcomes.close()
        await self._http.close()
        self._passwords.close()
        self.failed.cancel()

    async def __aenter__(self) -> Console:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _build(self) -> Services:
        parts = self._parts
        phones = Phones(self._http, parts.settings.asterisk, parts.asterisk_password)
        hub = Hub(parts)
        return Services(
            parts=parts,
            origins=Origins(parts.settings.console),
            passwords=self._passwords,
            phones=phones,
            sip=SipWay(self._http, parts.settings.asterisk),
            citizens=Citizens(),
            hub=hub,
            health=Health(parts.database, phones),
            outcomes=Outcomes(parts.database),
            board=Board(parts, hub),
            outlooks=Outlooks(parts.settings, parts.database),
        )

    async def _prune(self) -> None:
        """Forget sessions and failed sign-ins that no longer count."""
        while True:
            try:
                now_ms = self._parts.now_ms()
                await self._parts.database.write(auth.prune, now_ms)
                await self._parts.database.write(slowdown.prune, now_ms)
            except DatabaseUnavailable:
                log.warning("old sessions could not be removed; trying again later")
            await asyncio.sleep(PRUNE_EVERY_S)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A background task never ends by itself: whoever runs the console must hear of it."""
        if self.failed.done() or task.cancelled():
            return
        error = task.exception() or RuntimeError(f"{task.get_name()} ended")
        log.error("a background task of the console died", exc_info=error)
        self.failed.set_exception(error)


def tls(console: ConsoleSettings) -> ssl.SSLContext | None:
    """The console's own certificate, TLS 1.2 or later; None speaks plain HTTP.

    Raises:
        OSError, ssl.SSLError: the files can't be read or do not fit together.
    """
    if console.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(console.tls_certificate, console.tls_key)
    return context


def _application(services: Services) -> web.Application:
    app = web.Application(
        middlewares=[middleware.told, middleware.signed_in, middleware.not_forged],
        client_max_size=MAX_BODY,
    )
    app[SERVICES] = services
    app.on_response_prepare.append(middleware.add_headers)
    add_routes(app, WebApplication(services.parts.web))
    return app
