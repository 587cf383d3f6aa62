"""What a waiting caller is told of where he stands: the sentences, one after the other."""

from __future__ import annotations

import math

from ivr.speech.prompts import Prompts

MOST_MINUTES_TOLD = 30


def where_he_stands(
    prompts: Prompts, position: int, wait_s: float | None, *, offer_callback: bool
) -> list[str]:
    """The media of the announcement.

    Args:
        position: 1 is the next.
        wait_s: how long he may expect to wait, in seconds; None when nothing honest can be said.
        offer_callback: whether he may ask to be rung back.
    """
    media = _position(prompts, position)
    if wait_s is not None:
        media += _wait(prompts, wait_s)
    if offer_callback:
        media.append(prompts.media("callback_offer"))
    return media


def _position(prompts: Prompts, position: int) -> list[str]:
    if position <= 1:
        return [prompts.media("position_next")]
    return [
        prompts.media("position"),
        *prompts.number(position - 1),
        prompts.media("position_unit"),
    ]


def _wait(prompts: Prompts, wait_s: float) -> list[str]:
    if wait_s < 60:
        return [prompts.media("wait_under_minute")]
    minutes = min(math.ceil(wait_s / 60), MOST_MINUTES_TOLD)
    return [
        prompts.media("wait_about"),
        *prompts.number(minutes),
        prompts.media("wait_minutes"),
    ]
