"""Streams of the events about chosen things, for tasks that wait for their own."""

import asyncio
from collections import deque
from types import TracebackType
from typing import TypeVar

from .errors import AriError, ClientClosed
from .events import Event

E = TypeVar("E", bound=Event)


class Streams:
    """Who watches which id."""

    def __init__(self) -> None:
        self._by_id: dict[str, list[EventStream]] = {}
        self._all: set[EventStream] = set()
        self._ended: AriError | None = None

    def open(self, ids: tuple[str, ...]) -> "EventStream":
        stream = EventStream(self)
        if self._ended is not None:
            stream.end(self._ended)
            return stream
        self._all.add(stream)
        stream.add(*ids)
        return stream

    def deliver(self, event: Event) -> None:
        by_id = self._by_id
        if not by_id:
            return
        for resource in event.resources():
            watching = by_id.get(resource)
            if watching is not None:
                for stream in watching:
                    stream.put(event)

    def deliver_to_all(self, event: Event) -> None:
        for stream in self._all:
            stream.put(event)

    def end(self, error: AriError) -> None:
        """No event will come any more, to any stream."""
        self._ended = error
        streams, self._all = self._all, set()
        self._by_id.clear()
        for stream in streams:
            stream.end(error)

    def watch(self, resource: str, stream: "EventStream") -> None:
        self._by_id.setdefault(resource, []).append(stream)

    def unwatch(self, resource: str, stream: "EventStream") -> None:
        watching = self._by_id.get(resource)
        if watching is not None and stream in watching:
            watching.remove(stream)
            if not watching:
                del self._by_id[resource]

    def forget(self, stream: "EventStream") -> None:
        self._all.discard(stream)


class EventStream:
    """The events about some ids, in the order of their coming, from ``watch`` to ``close``.

    Nothing is dropped: what is not fetched stays until the stream is closed. An event about
    several of the ids comes once. ``EventsLost`` comes to every stream after a reconnection.
    One task reads a stream.
    """

    def __init__(self, registry: Streams) -> None:
        self._registry = registry
        self._ids: set[str] = set()
        self._events: deque[Event] = deque()
        self._last: Event | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._end: AriError | None = None

    def add(self, *ids: str) -> None:
        """Watch more things."""
        for resource in ids:
            if resource not in self._ids and self._end is None:
                self._ids.add(resource)
                self._registry.watch(resource, self)

    def drop(self, *ids: str) -> None:
        """Watch some things no longer."""
        for resource in ids:
            self._ids.discard(resource)
            self._registry.unwatch(resource, self)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._ids)

    async def get(self) -> Event:
        """The next event. Raises what ended the client once nothing is left.

        Give it a limit with ``asyncio.timeout``; being cancelled loses no event.
        """
        events = self._events
        while not events:
            if self._end is not None:
                raise type(self._end)(*self._end.args)
            if self._waiter is not None:
                raise RuntimeError("another task is reading this stream")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return events.popleft()

    def get_nowait(self) -> Event | None:
        """The next event, if it is here already."""
        return self._events.popleft() if self._events else None

    async def until(self, *kinds: type[E]) -> E:
        """The next event of these kinds; those before it are thrown away."""
        while True:
            event = await self.get()
            if isinstance(event, kinds):
                return event

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> Event:
        try:
            return await self.get()
        except ClientClosed:
            raise StopAsyncIteration from None

    def __enter__(self) -> "EventStream":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Watch nothing any more and forget what was not fetched."""
        self.drop(*tuple(self._ids))
        self._registry.forget(self)
        self._events.clear()
        self.end(ClientClosed("the stream was closed"))

    # --- for the registry ---

    def put(self, event: Event) -> None:
        if event is self._last:
            return
        self._last = event
        self._events.append(event)
        self._wake()

    def end(self, error: AriError) -> None:
        if self._end is None:
            self._end = error
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
