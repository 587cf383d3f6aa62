"""One copy for one directory."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.single import AlreadyRunning, Claim, Running, running

HOLDER = """
import sys, time
from pathlib import Path
from hotline.single import Claim, Running
claim = Claim(Path(sys.argv[1]), "hotline")
claim.take(Running(4711, "http://127.0.0.1:1"))
print("held", flush=True)
time.sleep(600)
"""


def test_given_a_copy_runs_when_another_starts_then_it_is_told_where_the_first_is(
    tmp_path: Path,
) -> None:
    first = Claim(tmp_path, "hotline")
    first.take(Running(4711, "http://127.0.0.1:8080"))
    second = Claim(tmp_path, "hotline")
    with pytest.raises(AlreadyRunning) as caught:
        second.take(Running(4712, "http://127.0.0.1:8081"))
    assert caught.value.running == Running(4711, "http://127.0.0.1:8080")
    assert running(tmp_path, "hotline") == Running(4711, "http://127.0.0.1:8080")
    first.release()
    assert running(tmp_path, "hotline") is None
    second.take(Running(4712, "http://127.0.0.1:8081"))
    second.release()


def test_parts_run_side_by_side_on_one_directory(tmp_path: Path) -> None:
    claims = [Claim(tmp_path, "controller"), Claim(tmp_path, "console")]
    for claim in claims:
        claim.take(Running(1, ""))
    for claim in claims:
        claim.release()


def test_given_a_copy_was_killed_when_another_starts_then_nothing_is_in_its_way(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            assert running(tmp_path, "hotline") == Running(4711, "http://127.0.0.1:1")
        finally:
            holder.send_signal(signal.SIGKILL)
    claim = Claim(tmp_path, "hotline")
    claim.take(Running(4712, "http://127.0.0.1:2"))
    claim.release()
