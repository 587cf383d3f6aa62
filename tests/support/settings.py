"""Settings for a test: the shipped ones, in directories and on ports of its own."""

from __future__ import annotations

import functools
import itertools
import os
from dataclasses import replace
from pathlib import Path

from config.load import load
from config.model import Settings
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
RTP_SPAN = 400
_FIRST_BLOCK, _BLOCKS = 10_000, 25
_turns = itertools.count(os.getpid())


def rtp_block() -> tuple[int, int]:
    """A range of ports for sound, below those that systems hand out by themselves.

    Two Asterisks may come to share one: each binds a port before it names it and passes over
    those that are taken.
    """
    first = _FIRST_BLOCK + next(_turns) % _BLOCKS * RTP_SPAN
    return first, first + RTP_SPAN - 1


@functools.cache
def shipped() -> Settings:
    """The shipped settings, read once; nobody can change them."""
    return load(ROOT / "config" / "default.toml", environ={})


def make_settings(directory: Path, **overrides: object) -> Settings:
    """The shipped settings with `var` below `directory`, on free ports.

    An override is a field of Settings (`trunks=(…)`) or of a part of it, written with two
    underscores (`asterisk__app="other"`, `console__demo=False`).
    """
    base = shipped()
    first, last = rtp_block()
    asterisk = replace(
        base.asterisk,
        sip_port=free_port(),
        http_port=free_port(),
        rtp_first=first,
        rtp_last=last,
    )
    listen = replace(base.console.listen, port=free_port())
    settings = replace(
        base,
        var=directory / "var",
        asterisk=asterisk,
        console=replace(base.console, listen=listen),
        # A floor of a test has so few seats that the rule would lend them about.
        staffing=replace(base.staffing, on=False),
    )
    for name, value in overrides.items():
        part, _, field = name.partition("__")
        if field:
            value = replace(getattr(settings, part), **{field: value})
        settings = replace(settings, **{part: value})  # type: ignore[arg-type]
    return settings
