"""One WebSocket to Asterisk: bytes in, whole messages out.

The protocol itself is the part of ``websockets`` that does no I/O; this is the thin asyncio
shell around it. Everything that arrives is handed on at once, in order, from where the event
loop reads the socket: no queue, no task, no wake-up between the network and the owner.
"""

import asyncio
import logging
from typing import Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from .encoding import authorization
from .errors import ConnectionLost, refused

log = logging.getLogger("ari")

_TEXT, _BINARY, _CONT = Opcode.TEXT, Opcode.BINARY, Opcode.CONT

# The protocol writes the content of every message to its logger at level DEBUG: never.
_mute = logging.Logger("ari.websocket", logging.CRITICAL + 1)  # noqa: LOG001 - not in the tree


class Owner(Protocol):
    """Whom a connection reports to. None of these may raise."""

    def opened(self, connection: "Connection") -> None: ...
    def received(self, message: bytes | bytearray) -> None: ...
    def lost(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """A WebSocket from its handshake to its end. It is never used twice."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        owner: Owner,
        *,
        ping_interval: float,
        silence_limit: float,
    ) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._ping_interval = ping_interval
        self._silence_limit = silence_limit
        # No extensions: compression costs time and the wire is short. No limit of size: a
        # list of all channels is one message.
        self._websocket = ClientProtocol(parse_uri(url), max_size=None, logger=_mute)
        self._handshake = self._websocket.connect()
        self._handshake.headers["Authorization"] = authorization(username, password)
        self._transport: asyncio.Transport | None = None
        self._fragments: list[bytes] = []
        self._flush_due = False
        self._heard = True
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.is_open = False
        self.handshake_done: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    # --- towards Asterisk ---

    def send(self, message: bytes) -> None:
        """Send one text message, together with the others of this turn of the loop.

        A system call each would cost more than all the rest of a request.
        """
        self._websocket.send_text(message)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Say good-bye; the end comes with Asterisk's answer, or ``abort``."""
        if self._websocket.state is State.OPEN:
            self.is_open = False
            self._websocket.send_close(1000)
            self._flush()
        elif not self.ended.done():
            self.abort()

    def abort(self) -> None:
        """Drop the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        self._flush_due = False
        transport = self._transport
        if transport is None or transport.is_closing():
            self._websocket.data_to_send()
            return
        waiting = self._websocket.data_to_send()
        transport.write(b"".join(waiting))
        if waiting and not waiting[-1]:  # the protocol's sign for "nothing more to come"
            transport.close()

    # --- from the event loop ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._websocket.send_request(self._handshake)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        websocket = self._websocket
        websocket.receive_data(data)
        if not self.handshake_done.done():
            self._after_handshake()
        for frame in websocket.events_received():
            if isinstance(frame, Frame):
                self._frame_received(frame)
        if websocket.writes:
            self._flush()
        if self.is_open and websocket.state is not State.OPEN:
            self._gone()  # Asterisk has said good-bye, and our echo is on its way

    def _frame_received(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is _TEXT and frame.fin:
            self._owner.received(cast(bytes, frame.data))
        elif opcode is _TEXT or opcode is _BINARY or opcode is _CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                message = b"".join(self._fragments)
                self._fragments.clear()
                self._owner.received(message)

    def _after_handshake(self) -> None:
        websocket = self._websocket
        failure = websocket.handshake_exc
        if failure is not None:
            if not self.handshake_done.done():
                self.handshake_done.set_exception(_handshake_error(failure))
            self.abort()
        elif websocket.state is State.OPEN:
            self.is_open = True
            self._heard_at = self._loop.time()
            self._timer = self._loop.call_later(self._ping_interval, self._keep_alive)
            self._owner.opened(self)
            if not self.handshake_done.done():
                self.handshake_done.set_result(None)

    def eof_received(self) -> None:
        self._websocket.receive_eof()
        self._flush()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._websocket.receive_eof()
        if self._timer is not None:
            self._timer.cancel()
        if not self.handshake_done.done():
            self.handshake_done.set_exception(ConnectionLost("closed during the handshake"))
        self._gone()
        if not self.ended.done():
            self.ended.set_result(None)

    def _gone(self) -> None:
        if self.is_open:
            self.is_open = False
            self._owner.lost(self)
        if self._transport is not None:
            self._transport.close()

    # --- is anybody there? ---

    def _keep_alive(self) -> None:
        """A ping at every interval; nothing heard for the limit means a dead line.

        Anything that arrives counts, not the pong alone: while Asterisk works on a request
        that waits, it reads nothing from this socket, pings neither, yet goes on sending.
        """
        now = self._loop.time()
        if self._heard:
            self._heard = False
            self._heard_at = now
        elif now - self._heard_at >= self._silence_limit:
            log.warning("nothing heard for %.0f s, connection given up", now - self._heard_at)
            self.abort()
            return
        if self._websocket.state is State.OPEN:
            self._websocket.send_ping(b"")
            self._flush()
        self._timer = self._loop.call_later(self._ping_interval, self._keep_alive)


def _handshake_error(failure: Exception) -> Exception:
    if isinstance(failure, InvalidStatus):
        response = failure.response
        return refused(response.status_code, response.reason_phrase, "GET", "events", "events")
    return ConnectionLost(f"the handshake failed: {type(failure).__name__}")


async def connect(
    url: str,
    username: str,
    password: str,
    owner: Owner,
    *,
    ping_interval: float,
    silence_limit: float,
) -> Connection:
    """An open connection, or an error: ``OSError``, ``ConnectionLost`` or ``Refused``."""
    uri = parse_uri(url)
    connection = Connection(
        url,
        username,
        password,
        owner,
        ping_interval=ping_interval,
        silence_limit=silence_limit,
    )
    loop = asyncio.get_running_loop()
    secure = True if uri.secure else None
    try:
        await loop.create_connection(lambda: connection, uri.host, uri.port, ssl=secure)
        await connection.handshake_done
    except BaseException:
        connection.handshake_done.cancel()
        connection.abort()
        raise
    return connection
