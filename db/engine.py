"""Running doors: plain functions of a `Connection`, one after another, in few commits.

`write(fn, *args)` runs `fn(conn, *args)` in a transaction that is committed before the
answer comes back; functions that arrive while another commit is under way share the
next one (group commit), each in its own savepoint, so that one that raises takes
nothing with it. `read` runs beside the writer and sees what is committed.

Why not one transaction a call and an async driver for both databases:
docs/decisions/0002-doors-are-plain-functions.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection

from db.feed import Feed

P = ParamSpec("P")
T = TypeVar("T")
Door = Callable[Concatenate[Connection, P], T]


class DatabaseUnavailable(Exception):
    """The database did not answer; what was asked was not done."""


class Database(Protocol):
    """A database that runs doors; see the module's own words."""

    feed: Feed
    dialect: str

    async def write(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a door and commit. Raises what the door raises, or DatabaseUnavailable."""
        ...

    async def read(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query. Raises what the query raises, or DatabaseUnavailable."""
        ...

    async def close(self) -> None:
        """Finish what was asked, then let go of the connections."""
        ...


def to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


from_json = msgspec.json.decode


def url_of(database_url: str, var: Path) -> str:
    """The database of the settings; empty means the embedded one in `var`."""
    return database_url or f"sqlite:///{var / 'hotline.db'}"


class Job:
    """A door waiting to be run, and who waits for it."""

    __slots__ = ("call", "error", "future", "result")

    def __init__(self, call: Callable[[Connection], Any], future: asyncio.Future[Any]) -> None:
        self.call = call
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """On the loop: give the waiting task its answer."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)
