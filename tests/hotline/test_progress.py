"""A step on the terminal: how it ends, and that a long one shows that it goes on."""

import io
import threading

import pytest

from hotline import progress
from hotline.progress import StepFailed, step


class Paper(io.StringIO):
    """Remembers what was printed; `shows_life` is set by a long step's line that says `how_far`."""

    def __init__(self, how_far: str = "") -> None:
        super().__init__()
        self.how_far = how_far
        self.shows_life = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if "…" in text and self.how_far in text:
            self.shows_life.set()
        return written


def test_a_step_that_succeeds_is_ticked_with_its_detail() -> None:
    paper = Paper()
    with step("packages", "nothing", paper) as running:
        running.say("3 of 3")
    assert paper.getvalue().startswith("  ✓ packages  3 of 3  ")


def test_a_step_that_fails_says_what_why_and_what_to_do() -> None:
    paper = Paper()
    with pytest.raises(StepFailed) as caught, step("packages", "plug it in", paper):
        raise OSError("no network")
    assert (caught.value.step, caught.value.reason) == ("packages", "no network")
    assert caught.value.advice == "plug it in"
    assert isinstance(caught.value.__cause__, OSError)
    assert paper.getvalue().startswith("  ✗ packages")


def test_a_failure_within_a_failure_keeps_the_inner_advice() -> None:
    paper = Paper()
    with pytest.raises(StepFailed) as caught, step("outer", "outer advice", paper):
        raise StepFailed("inner", "why", "inner advice")
    assert caught.value.advice == "inner advice"


def test_an_interrupt_stays_an_interrupt() -> None:
    paper = Paper()
    with pytest.raises(KeyboardInterrupt), step("packages", "nothing", paper):
        raise KeyboardInterrupt
    assert "✗" in paper.getvalue()


def test_a_long_step_shows_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    # A first line may be printed before anything was said.
    monkeypatch.setattr(progress, "QUIET_S", 0.01)
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.01)
    paper = Paper("40 of 160")
    with step("download", "nothing", paper) as running:
        running.say("40 of 160")
        assert paper.shows_life.wait(10)
    lines = paper.getvalue().splitlines()
    assert all(line.startswith("  … download") for line in lines[:-1])
    assert "40 of 160" in lines[-2]
    assert lines[-1].startswith("  ✓ download")
