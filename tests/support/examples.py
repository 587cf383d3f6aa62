"""How many examples Hypothesis tries: all of them in `make test`, a few in `make check`."""

from __future__ import annotations

from hypothesis import settings

QUICK = "quick"
"""The profile of `make check`: --hypothesis-profile=quick."""

_USUAL, _FEWER = 100, 8


def register() -> None:
    """Make the profile known, before the command line asks for it."""
    settings.register_profile(QUICK, max_examples=examples(_USUAL, quick=True))


def examples(number: int, *, quick: bool | None = None) -> int:
    """This number, or an eighth of it under the quick profile; read while tests are collected."""
    if quick is None:
        quick = settings.get_current_profile_name() == QUICK
    return max(5, number // _FEWER) if quick else number
