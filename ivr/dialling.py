"""Calling out: which endpoint reaches a number over a trunk, and which number is shown there. Pure.

An expert's telephone, a citizen who is called back, 110: all go out over one trunk, the one that
`talk.outbound_trunk` names (the first when it names none). A trunk by address is called at its
first address (its AOR's contact, `dialplan/trunks.py`), one by registration at its registrar.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from config.model import Settings, Trunk
from ivr import numbers


class CannotDial(ValueError):
    """There is no way to call this number. The text says why and holds no digit of it."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What ARI's `originate` is told. Both hold a number: neither belongs in a log line."""

    endpoint: str = field(repr=False)
    """`PJSIP/<number as the trunk wants it dialled>@trunk-<name>`."""
    caller_id: str = field(repr=False)
    """The number shown to whom we call, as the trunk wants it written."""


def dial(settings: Settings, number: str, *, shown: str = "") -> Dialled:
    """How to call `number` (in any writing) out of the house.

    `shown` is the kept number to show instead of our own: the caller's, so that 110 sees who is
    in need. One that was withheld ("") leaves ours.

    Raises:
        CannotDial: the number is none, is one of our own, or the trunk has nobody to dial to.
    """
    trunk = outbound_trunk(settings)
    kept = numbers.canonical(number, trunk.country_code, trunk.area_code)
    if settings.line_of(kept) is not None:
        raise CannotDial("the number is one of our own lines")
    caller_id = numbers.for_trunk(shown, trunk) if shown else trunk.shown_as
    return Dialled(dial_string(trunk, kept), caller_id)


def dial_string(trunk: Trunk, number: str) -> str:
    """The endpoint that reaches a kept number over this trunk. CannotDial when none does."""
    if not number:
        raise CannotDial("it is not a telephone number")
    if not can_dial(trunk):
        raise CannotDial(f"trunk {trunk.name} has no address to dial to, only ranges")
    return f"PJSIP/{numbers.for_trunk(number, trunk)}@trunk-{trunk.name}"


def can_dial(trunk: Trunk) -> bool:
    """Whether calls can go out there: a range of addresses (10.0.0.0/24) is nobody's telephone."""
    return trunk.register_to is not None or any("/" not in one for one in trunk.addresses)


def outbound_trunk(settings: Settings) -> Trunk:
    """The trunk that calls go out over."""
    named = settings.talk.outbound_trunk
    return next((t for t in settings.trunks if t.name == named), settings.trunks[0])
