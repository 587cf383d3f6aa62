"""How many examples Hypothesis tries, and which.

`make test` and `make check` try the same ones each time, so that a red run means the change and not
the draw; `make explore` draws others and many. How long an example takes says nothing of the code:
a busy machine fails none.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

QUICK = "quick"
"""The profile of `make check`: --hypothesis-profile=quick."""

EXPLORE = "explore"
"""The profile of `make explore`: --hypothesis-profile=explore."""

MADE_SMALL_S = 600
"""What fails is made small first, for up to five minutes, and only then told."""

EXPLORING_S = 7200

_USUALLY = "usually"
_USUAL, _FEWER, _MORE = 100, 8, 20


def register() -> None:
    """Make the profiles known, before the command line asks for one."""
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    for profile, derandomize in ((_USUALLY, True), (QUICK, True), (EXPLORE, False)):
        number = _of(_USUAL, profile)
        settings.register_profile(profile, patient, max_examples=number, derandomize=derandomize)
    settings.load_profile(_USUALLY)


def examples(number: int) -> int:
    """This number, or as much less or more as the profile wants; read while tests are collected."""
    return _of(number, settings.get_current_profile_name())


def see_to(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give tests with drawn examples the time they may need; while exploring leave no others."""
    drawn = [i for i in items if getattr(getattr(i, "obj", None), "is_hypothesis_test", False)]
    exploring = settings.get_current_profile_name() == EXPLORE
    for item in drawn:
        item.add_marker(pytest.mark.timeout(EXPLORING_S if exploring else MADE_SMALL_S))
    if exploring:
        config.hook.pytest_deselected(items=[i for i in items if i not in set(drawn)])
        items[:] = drawn


def _of(number: int, profile: str) -> int:
    if profile == QUICK:
        return max(5, number // _FEWER)
    return number * _MORE if profile == EXPLORE else number
