"""Requests that wait for their answers on the WebSocket.

One timer serves them all: it runs only while something waits, and looks at every waiting
request a few times a second, which is cheaper than a timer of its own for each.

Asterisk answers in the order of asking. So when the oldest request stays unanswered, all that
come after it would wait as long: ``held_up`` says so until the next answer comes.
"""

import asyncio
import logging
from typing import Any

from .errors import AriError, RequestTimeout
from .events import RESTResponse
from .operations import Operation

log = logging.getLogger("ari")

_LOOK_EVERY = 0.1


class _Waiting:
    __slots__ = ("future", "operation", "since", "until")

    def __init__(
        self,
        future: "asyncio.Future[RESTResponse]",
        operation: Operation[Any],
        since: float,
        until: float,
    ) -> None:
        self.future = future
        self.operation = operation
        self.since = since
        self.until = until


class Pending:
    """The table of request ids and who waits for each."""

    def __init__(self, slow_answer: float) -> None:
        self._slow_answer = slow_answer
        self._waiting: dict[str, _Waiting] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.held_up = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self, request_id: str, operation: Operation[Any], timeout: float
    ) -> "asyncio.Future[RESTResponse]":
        loop = asyncio.get_running_loop()
        now = loop.time()
        future: asyncio.Future[RESTResponse] = loop.create_future()
        self._waiting[request_id] = _Waiting(future, operation, now, now + timeout)
        if self._timer is None:
            self._timer = loop.call_later(_LOOK_EVERY, self._look)
        return future

    def answer(self, response: RESTResponse) -> None:
        """An answer has come; nobody may be waiting for it any more."""
        self.held_up = False
        waiting = self._waiting.pop(response.request_id, None)
        if waiting is not None and not waiting.future.done():
            waiting.future.set_result(response)

    def fail_all(self, kind: type[AriError], why: str) -> None:
        """No answer will come to any of them."""
        waiting, self._waiting = self._waiting, {}
        self.held_up = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for one in waiting.values():
            if not one.future.done():
                one.future.set_exception(kind(f"{one.operation!r}: {why}"))

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._see_held_up(now)
        for request_id, one in list(self._waiting.items()):
            if now >= one.until:
                del self._waiting[request_id]
                if not one.future.done():
                    limit = one.until - one.since
                    one.future.set_exception(
                        RequestTimeout(f"{one.operation!r}: no answer within {limit:.1f} s")
                    )
        self._timer = loop.call_later(_LOOK_EVERY, self._look) if self._waiting else None

    def _see_held_up(self, now: float) -> None:
        oldest = next(iter(self._waiting.values()), None)
        if oldest is None or self.held_up or now - oldest.since < self._slow_answer:
            return
        self.held_up = True
        log.warning(
            "%r is slow and holds up the WebSocket; others go over HTTP meanwhile%s",
            oldest.operation,
            " (wants blocking=True)" if oldest.operation.waits else "",
        )
