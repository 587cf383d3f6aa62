"""The heart of the client: one connection kept alive, requests out, events in.

NEW ──start──▶ CONNECTING ──handshake──▶ CONNECTED ──broken──▶ CONNECTING …
                                CONNECTED ──ApplicationReplaced──▶ FENCED
                                      any ──close──▶ CLOSED
"""

import asyncio
import enum
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from .answers import parse, refusal, result, words
from .backoff import Backoff
from .connection import Connection, connect
from .decoding import decode_event
from .encoding import Query, encode_request
from .errors import (
    AriError,
    ClientClosed,
    ConnectionLost,
    Fenced,
    NotConnected,
    Refused,
    RequestTimeout,
    Unauthorized,
    refused,
)
from .events import (
    ApplicationReplaced,
    ChannelDestroyed,
    Event,
    EventsLost,
    RESTResponse,
    StasisStart,
)
from .operations import Operation
from .over_http import Http
from .pending import Pending
from .settings import Settings
from .streams import EventStream, Streams

log = logging.getLogger("ari")

T = TypeVar("T")

# Asterisk closes a WebSocket that brings it a message of 64 kB; longer ones go over HTTP.
LONGEST_MESSAGE = 60_000


class State(enum.Enum):
    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    FENCED = "fenced"
    CLOSED = "closed"


class Core:
    """Connection, requests, events. ``Client`` adds the verbs."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        app: str,
        *,
        on_event: Callable[[Event], None] | None = None,
        on_connected: Callable[[bool], Awaitable[None]] | None = None,
        on_fenced: Callable[[], None] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.app = app
        self.settings = settings or Settings()
        self.state = State.NEW
        self.on_event = on_event
        self.on_connected = on_connected
        self.on_fenced = on_fenced
        self._events_url = _events_url(url, app)
        self._username = username
        self._password = password
        self._http = Http(url, username, password, self.settings.http_connections)
        self._pending = Pending(self.settings.slow_answer)
        self._streams = Streams()
        self._connection: Connection | None = None
        self._last_request = 0
        self._connections = 0
        self._connected = asyncio.Event()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._runner: asyncio.Task[None] | None = None

    # --- life ---

    async def start(self) -> None:
        """Connect; returns with the first connection. Tried again until ``start_timeout``."""
        if self.state is not State.NEW:
            raise RuntimeError("a client is started once")
        self.state = State.CONNECTING
        self._runner = asyncio.create_task(self._run(), name="ari")
        try:
            async with asyncio.timeout(self.settings.start_timeout):
                await self.wait_connected()
        except TimeoutError:
            await self.close()
            raise ConnectionLost("no connection within the limit") from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Say good-bye and fail whatever is still waiting. May be called again."""
        if self.state is not State.FENCED:
            self.state = State.CLOSED
        self._finish(ClientClosed("the client was closed"))
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            await asyncio.wait([connection.ended], timeout=self.settings.close_timeout)
            connection.abort()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        await self._http.close()

    async def __aenter__(self: "C") -> "C":
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        """No request will be carried out any more: closed or fenced."""
        return self.state is State.CLOSED or self.state is State.FENCED

    async def wait_connected(self) -> None:
        """Return when there is a connection; raise when there will never be one."""
        while self._connection is None:
            if self._ended.is_set():
                raise self._failure or self._why_not_connected()
            await self._connected.wait()

    async def wait_closed(self) -> None:
        """Return when the client was closed; raise ``Fenced``, or what it died of."""
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    # --- requests ---

    async def request(
        self,
        operation: Operation[T],
        *ids: str,
        query: Query | None = None,
        body: Any = None,
        blocking: bool = False,
        timeout: float | None = None,
    ) -> T:
        """Ask, and return Asterisk's answer or raise its refusal.

        Asterisk serves the WebSocket one request after the other, so one that may wait for a
        channel is to be made with ``blocking=True``: it goes over HTTP. Should one without it
        hold up the WebSocket all the same, the others take the way over HTTP meanwhile.
        """
        connection = self._connection
        if connection is None:
            raise self._why_not_connected()
        path = operation.fill(ids)
        if not (blocking or self._pending.held_up):
            self._last_request += 1
            request_id = str(self._last_request)
            message = encode_request(request_id, operation, path, query, body)
            if len(message) <= LONGEST_MESSAGE:
                limit = self.settings.request_timeout if timeout is None else timeout
                answer = self._pending.add(request_id, operation, limit)
                connection.send(message)
                response = await answer
                if response.status_code >= 300:
                    raise refusal(response, operation, path)
                return result(operation, response.message_body)
        limit = self.settings.blocking_timeout if timeout is None else timeout
        status, content = await self._http.request(operation, path, query, body, limit)
        if status >= 300:
            raise refused(status, words(content), operation.method, path, operation.path)
        return parse(operation, content)

    def _why_not_connected(self) -> AriError:
        if self.state is State.FENCED:
            return Fenced("another client has taken the application over")
        if self.state is State.CLOSED:
            return ClientClosed("the client was closed")
        return NotConnected("there is no connection at the moment")

    async def enter(self, channel_id: str, request: Awaitable[T]) -> T:
        """Make a request that makes a channel, and wait until it is in our application.

        Asterisk answers before the channel has come that far, and whatever is asked of it
        meanwhile is refused with 409.
        """
        with self.watch(channel_id) as events:
            answer = await request
            try:
                async with asyncio.timeout(self.settings.request_timeout):
                    await events.until(StasisStart, ChannelDestroyed, EventsLost)
            except TimeoutError:
                raise RequestTimeout("a new channel has not entered the application") from None
        return answer

    # --- events ---

    def watch(self, *ids: str) -> EventStream:
        """A stream of the events about these ids from now on. Close it in the end."""
        return self._streams.open(ids)

    def dispatch(self, event: Event) -> None:
        """Deliver an event as if it had come from Asterisk.

        For what a resynchronisation finds out: a channel that died unseen, say.
        """
        self._streams.deliver(event)
        on_event = self.on_event
        if on_event is not None:
            try:
                on_event(event)
            except Exception as exc:  # noqa: BLE001 - a mistake there must not stop the reading
                _log_failure(f"on_event failed at {type(event).__name__}", exc)

    # --- reports of the connection ---

    def opened(self, connection: Connection) -> None:
        if self.state is not State.CONNECTING:
            connection.abort()
            return
        self._connection = connection
        self.state = State.CONNECTED
        self._connections += 1
        log.info("connected")
        if self._connections > 1:
            lost = EventsLost(application=self.app)
            self._streams.deliver_to_all(lost)
            self.dispatch(lost)
        self._connected.set()

    def received(self, message: bytes | bytearray) -> None:
        if self.state is not State.CONNECTED:
            return
        event = decode_event(message)
        if type(event) is RESTResponse:
            self._pending.answer(event)
        elif event is not None:
            self.dispatch(event)
            if type(event) is ApplicationReplaced and event.application == self.app:
                self._fence()

    def lost(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self._connected.clear()
        if self.state is State.CONNECTED:
            self.state = State.CONNECTING
            log.warning("connection lost, %d requests in flight", len(self._pending))
            self._pending.fail_all(ConnectionLost, "the connection broke before the answer")

    # --- the ends ---

    def _fence(self) -> None:
        log.error("another client has taken the application over: fenced")
        self.state = State.FENCED
        self._failure = Fenced("another client has taken the application over")
        connection, self._connection = self._connection, None
        self._finish(self._failure)
        if self.on_fenced is not None:
            try:
                self.on_fenced()
            except Exception as exc:  # noqa: BLE001 - as in dispatch
                _log_failure("on_fenced failed", exc)
        if connection is not None:
            connection.close()
        if self._runner is not None:
            self._runner.cancel()

    def _finish(self, error: AriError) -> None:
        self._pending.fail_all(type(error), str(error))
        self._streams.end(error)
        self._ended.set()
        self._connected.set()

    # --- keeping a connection ---

    async def _run(self) -> None:
        try:
            await self._keep_connected()
        except Exception as exc:  # noqa: BLE001 - told to whoever waits for the client
            self._failure = exc
            if not isinstance(exc, AriError):
                _log_failure("the client died", exc)
            self.state = State.CLOSED
            self._finish(ClientClosed("the client died"))

    async def _keep_connected(self) -> None:
        backoff = Backoff(self.settings.backoff_first, self.settings.backoff_most)
        while True:
            connection = await self._try_to_connect()
            if connection is None:
                await asyncio.sleep(backoff.next())
                continue
            opened_at = asyncio.get_running_loop().time()
            resync = asyncio.create_task(self._resync(self._connections == 1), name="ari resync")
            try:
                await asyncio.wait([connection.ended])
            finally:
                resync.cancel()
                await asyncio.gather(resync, return_exceptions=True)
            # One that breaks again and again right after its handshake is not worth haste.
            if asyncio.get_running_loop().time() - opened_at > self.settings.backoff_most:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    async def _try_to_connect(self) -> Connection | None:
        settings = self.settings
        try:
            async with asyncio.timeout(settings.connect_timeout):
                return await connect(
                    self._events_url,
                    self._username,
                    self._password,
                    self,
                    ping_interval=settings.ping_interval,
                    silence_limit=settings.silence_limit,
                )
        except Unauthorized:
            # Wrong from the start will stay wrong; later it can be a reload half done.
            if self._connections == 0:
                raise
            log.warning("not connected: user or password refused")
        except (OSError, ConnectionLost, Refused) as exc:
            log.warning("not connected: %s", type(exc).__name__)
        return None

    async def _resync(self, first: bool) -> None:
        """Run ``on_connected``; should it fail, again, for without it nothing is settled."""
        if self.on_connected is None:
            return
        backoff = Backoff(self.settings.backoff_first, self.settings.backoff_most)
        while True:
            try:
                await self.on_connected(first)
                return
            except Exception as exc:  # noqa: BLE001 - it is tried again
                if self._connection is None:
                    return  # and the next connection begins anew
                _log_failure("on_connected failed, and is tried again", exc)
            await asyncio.sleep(backoff.next())


C = TypeVar("C", bound=Core)


def _events_url(url: str, app: str) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}[parts.scheme]
    path = f"{parts.path.rstrip('/')}/events"
    return urlunsplit((scheme, parts.netloc, path, f"app={quote(app, safe='')}", ""))


def _log_failure(what: str, exc: BaseException) -> None:
    """Where it happened and of what kind; the words of an exception can be personal."""
    trace = "".join(traceback.format_tb(exc.__traceback__))
    log.error("%s: %s\n%s", what, type(exc).__name__, trace)
