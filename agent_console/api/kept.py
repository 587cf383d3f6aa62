"""The refusals of the administration's doors, as problems a page can show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from agent_console.problem import FieldError, Problem, not_found, refused
from tickets import kept

T = TypeVar("T")


@contextmanager
def as_problems(what: str, shown: Callable[[Any], msgspec.Struct] | None = None) -> Iterator[None]:
    """Within it a door's refusal becomes a problem.

    Args:
        what: the thing in words, for a sentence: 单位.
        shown: how the thing as it stands now is shown (`current` of the 409).
    """
    try:
        yield
    except kept.Mistaken as mistaken:
        raise wrong(*mistaken.mistakes) from None
    except kept.Outdated as old:
        more = {"current": shown(old.current)} if shown else None
        sentence = f"{what}已被他人修改，请核对后再保存"
        raise Problem(409, sentence, code="version-old", more=more) from None
    except kept.Missing:
        raise not_found(f"这个{what}") from None
    except kept.InUse as why:
        raise refused(why.sentence, "in-use") from None


def wrong(*mistakes: kept.Mistake) -> Problem:
    """422 with a sentence for each field."""
    errors = tuple(FieldError(mistake.field, mistake.message) for mistake in mistakes)
    return Problem(422, "请检查填写的内容", code="wrong-fields", errors=errors)


def checked(mistakes: list[kept.Mistake], door: Callable[[], T]) -> T:
    """Run a door whose caller knows of mistakes too: all are told at once.

    Within a transaction: raising takes back what the door did.
    """
    try:
        made = door()
    except kept.Mistaken as found:
        raise kept.Mistaken(*mistakes, *found.mistakes) from None
    if mistakes:
        raise kept.Mistaken(*mistakes)
    return made
