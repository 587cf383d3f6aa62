"""`hotline run` and `hotline demo-call` as a person at a terminal uses them, on a real Asterisk."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.asterisk import asterisk_home
from tests.support.settings import ROOT, make_settings

pytestmark = pytest.mark.integration

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 40.0


class Terminal:
    """A copy of the hotline in a directory of its own, started and ended by its command."""

    def __init__(self, directory: Path) -> None:
        settings = make_settings(directory)
        asterisk = settings.asterisk
        self.var = settings.var
        self.address = f"http://127.0.0.1:{settings.console.listen.port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("HOTLINE_")},
            "HOTLINE_VAR": str(self.var),
            "HOTLINE_CONSOLE_PORT": str(settings.console.listen.port),
            "HOTLINE_ASTERISK_SIP_PORT": str(asterisk.sip_port),
            "HOTLINE_ASTERISK_HTTP_PORT": str(asterisk.http_port),
            "HOTLINE_ASTERISK_RTP_FIRST": str(asterisk.rtp_first),
            "HOTLINE_ASTERISK_RTP_LAST": str(asterisk.rtp_last),
            "HOTLINE_ASTERISK_HOME": str(_root_of_asterisk()),
        }
        self.printed = ""
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Say `hotline run`; back when it is ready."""
        self.printed = ""
        self._process = await self._start("run")
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_LIMIT_S):
            while "Ctrl-C stops everything" not in self.printed:
                line = await self._process.stdout.readline()
                assert line, f"it ended:\n{self.printed}"
                self.printed += line.decode()

    async def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        """Send the signal; the code, once the process is gone."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(sign)
        async with asyncio.timeout(STOP_LIMIT_S):
            self.printed += (await self._process.stdout.read()).decode()
            return await self._process.wait()

    async def say(self, *words: str) -> tuple[int, str]:
        """Another command beside it: its code and what it printed."""
        process = await self._start(*words)
        async with asyncio.timeout(120):
            out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    async def health(self) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.address}/healthz") as answer,
        ):
            return answer.status

    def processes(self) -> list[int]:
        """All processes that work on this directory."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes()
            except (OSError, ValueError):
                continue
            if entry.name.isdigit() and os.fsencode(self.var) in words:
                found.append(int(entry.name))
        return found

    def open_to_others(self) -> list[Path]:
        """What in `var` another user of the machine could read."""
        if not self.var.stat().st_mode & 0o077:
            return []
        return [path for path in self.var.iterdir() if path.stat().st_mode & 0o077]

    async def tidy(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    async def _start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hotline", *words,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip


def _root_of_asterisk() -> str:
    """As a setting names it: "" for the machine's own."""
    home = asterisk_home()
    return str(home.binary.parents[2]) if home.loader else ""


@pytest.fixture
async def terminal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Terminal]:
    made = Terminal(tmp_path_factory.mktemp("run"))
    yield made
    await made.tidy()


async def test_a_first_start_prints_the_address_and_passwords_and_ctrl_c_leaves_no_process(
    terminal: Terminal,
) -> None:
    await terminal.run()
    assert f"ready:  {terminal.address}\n" in terminal.printed
    logins = re.findall(
        r"^ {4}(\w+) +(\w+) +[a-z2-9]{4}(?:-[a-z2-9]{4}){3}$", terminal.printed, re.M
    )
    assert {role for role, _ in logins} == {"agent", "expert", "supervisor", "unit", "admin"}
    assert await terminal.health() == 200
    assert len(terminal.processes()) == 1  # Asterisk; the command itself does not name `var`
    assert [path.name for path in terminal.open_to_others()] == []

    assert await terminal.end(signal.SIGINT) == 0
    stopped = re.findall(r"✓ (stopping|closing) (?:the )?(\w+)", terminal.printed)
    assert [part for _, part in stopped] == [
        "console",
        "notices",
        "Asterisk",
        "controller",
        "database",
    ]
    assert terminal.processes() == []

    await terminal.run()
    assert "Accounts" not in terminal.printed  # shown once
    assert await terminal.end(signal.SIGTERM) == 0


async def test_given_kill_9_when_it_starts_again_then_it_takes_over_the_running_asterisk(
    terminal: Terminal,
) -> None:
    await terminal.run()
    (asterisk,) = terminal.processes()
    await terminal.end(signal.SIGKILL)
    assert terminal.processes() == [asterisk]

    await terminal.run()
    assert "is taken over" in terminal.printed
    assert terminal.processes() == [asterisk]
    assert await terminal.health() == 200
    assert await terminal.end() == 0
    assert terminal.processes() == []


async def test_given_it_runs_when_asterisk_is_killed_then_another_is_started(
    terminal: Terminal,
) -> None:
    await terminal.run()
    (asterisk,) = terminal.processes()
    os.kill(asterisk, signal.SIGKILL)

    async with asyncio.timeout(READY_LIMIT_S):
        while asterisk in terminal.processes() or await terminal.health() != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert len(terminal.processes()) == 1
    assert await terminal.end() == 0
    assert terminal.processes() == []


async def test_given_it_runs_when_it_is_started_again_then_that_one_says_so_and_ends(
    terminal: Terminal,
) -> None:
    await terminal.run()
    code, said = await terminal.say("run")
    assert code == 1
    assert "already runs" in said
    assert terminal.address in said
    assert await terminal.health() == 200
    assert await terminal.end() == 0


async def test_given_a_taken_port_then_the_start_names_it_and_starts_nothing(
    terminal: Terminal,
) -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    terminal.environment["HOTLINE_CONSOLE_PORT"] = str(port)
    code, said = await terminal.say("run")
    server.close()
    await server.wait_closed()
    assert code == 1
    assert f"port {port} can't be used" in said
    assert "HOTLINE_CONSOLE_PORT" in said
    assert terminal.processes() == []


async def test_a_demonstration_call_says_when_nothing_runs(terminal: Terminal) -> None:
    code, said = await terminal.say("demo-call")
    assert code == 1
    assert f"Nothing is running at {terminal.address}" in said
    assert "make run" in said


async def test_a_demonstration_call_says_when_no_seat_is_free(terminal: Terminal) -> None:
    await terminal.run()
    code, said = await terminal.say("demo-call")
    assert code == 1
    assert "No seat of the queue business is free" in said
    assert "offline" in said
    assert await terminal.end() == 0


async def test_a_demonstration_call_tells_every_stage_up_to_the_filed_recording(
    terminal: Terminal,
) -> None:
    await terminal.run()
    code, said = await terminal.say("demo-call", "--answer", "--talk", "3")
    assert code == 0, said
    told = re.findall(r"^ +\d+\.\d\d s  (.+)$", said, re.M)
    in_order = [
        "dialled 12345",
        "answered",
        "the greeting is heard",
        "in the menu",
        "pressed 1",
        "a seat is ringing",
        "the seat has answered: talking",
        "the citizen hangs up",
        "the hotline has ended the call",
    ]
    assert [line for line in told if line in in_order] == in_order
    assert re.search(r"ticket \d{8}-\d+", said)
    assert re.search(r"recording filed: [\d.]+ s, \d+ bytes of flac", said)
    assert await terminal.end() == 0
