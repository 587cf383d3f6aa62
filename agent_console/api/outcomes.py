"""What came of a request, in words."""

from __future__ import annotations

from typing import Any

from agent_console.problem import Problem, refused
from floor.requests import Request

EXPIRED = "expired"
"""What a request is settled with that nobody took in time (`floor.requests.forsake`)."""
NOT_TAKEN = "话务控制没有及时响应，请再试一次"


def outcome_of(settled: Request) -> dict[str, Any]:
    """What a request that was done brought; Problem 409 with the sentence of a refusal, or 504."""
    outcome = settled.outcome or {}
    if settled.state == "done":
        return outcome
    if settled.state == "refused" and outcome.get("detail") != EXPIRED:
        raise refused(str(outcome.get("detail") or "现在不能这样做"), "request-refused")
    raise Problem(504, NOT_TAKEN, code="no-controller")


def sentence_of(outcome: dict[str, Any] | None) -> str | None:
    """The sentence that the person at the screen saw; None when nothing was refused."""
    detail = (outcome or {}).get("detail")
    if detail is None:
        return None
    return NOT_TAKEN if detail == EXPIRED else str(detail)
