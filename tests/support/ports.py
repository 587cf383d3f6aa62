"""Ports for what a test starts: nobody else takes one between its choice and its use.

They lie below and above those that a system hands out by itself (an outgoing connection would take
one at any moment) and beside the shipped ones for sound; each process of tests has a block to
itself.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import socket
from collections.abc import Iterator

_BLOCK = 128
_BLOCKS = (*range(30_000, 32_768 - _BLOCK, _BLOCK), *range(61_000, 65_536 - _BLOCK, _BLOCK))
_held: list[socket.socket] = []


@functools.cache
def _block() -> Iterator[int]:
    """This process' own ports, round and round. Linux frees the block's name with the process."""
    for turn in range(len(_BLOCKS)):
        first = _BLOCKS[(os.getpid() + turn) % len(_BLOCKS)]
        guard = socket.socket(socket.AF_UNIX)
        try:
            guard.bind(f"\0hotline-test-ports-{first}")
        except OSError:
            guard.close()
            continue
        _held.append(guard)
        return itertools.cycle(range(first, first + _BLOCK))
    raise RuntimeError(f"{len(_BLOCKS)} processes of tests have all the ports")


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing uses, neither over TCP nor over UDP."""
    for port in itertools.islice(_block(), _BLOCK):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
                probe.bind((host, port))
            return port
    raise RuntimeError("every port of this process' block is in use")
