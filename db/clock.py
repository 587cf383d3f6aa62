"""The wall clock, as the database keeps it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_as_of: ContextVar[int | None] = ContextVar("as_of", default=None)


def now_ms() -> int:
    """UTC epoch milliseconds; within `as_of`, the moment that is being written down."""
    then = _as_of.get()
    return time.time_ns() // 1_000_000 if then is None else then


@contextmanager
def as_of(at_ms: int) -> Iterator[None]:
    """Write down now what happened then: a door run within takes `at_ms` for the time."""
    token = _as_of.set(at_ms)
    try:
        yield
    finally:
        _as_of.reset(token)
