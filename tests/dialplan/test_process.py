"""Starting, adopting, watching and stopping a real Asterisk."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from config.model import Settings
from dialplan import logs, pids
from dialplan import process as processes
from dialplan.errors import PortTaken, StartFailed
from dialplan.process import AsteriskProcess
from tests.dialplan.conftest import until
from tests.dialplan.sipp import ear, sipp, tone
from tests.support.asterisk import asterisk_home
from tests.support.ports import free_port
from tests.support.settings import ROOT, make_settings

pytestmark = pytest.mark.integration


@pytest.fixture
def settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="hl-") as directory:
        yield make_settings(Path(directory))


@pytest_asyncio.fixture
async def process(settings: Settings) -> AsyncIterator[AsteriskProcess]:
    made = AsteriskProcess(settings, asterisk_home())
    yield made
    await AsteriskProcess(settings, asterisk_home()).stop()
    await made.stop()


def with_number(settings: Settings, number: str) -> Settings:
    line = replace(settings.lines[0], numbers=(*settings.lines[0].numbers, number))
    return replace(settings, lines=(line,))


async def test_it_starts_answers_and_stops_without_a_trace(
    process: AsteriskProcess, settings: Settings
) -> None:
    assert await process.start() is True
    pid = process.pid
    assert pid is not None
    health = await process.status()
    assert (health.ok, health.detail) == (True, f"Asterisk {asterisk_home().version}")
    await process.stop()
    assert process.pid is None
    assert not os.access(f"/proc/{pid}", os.F_OK), "a zombie is left"
    assert (await process.status()).detail == "Asterisk is not running"
    for port in (settings.asterisk.sip_port, settings.asterisk.http_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    await process.stop()


@pytest.mark.parametrize("setting", ["http_port", "sip_port"])
async def test_given_a_port_in_use_then_port_and_setting_are_named(
    process: AsteriskProcess, settings: Settings, setting: str
) -> None:
    port = getattr(settings.asterisk, setting)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(PortTaken, match=rf"asterisk\.{setting}: 127\.0\.0\.1 port {port} "):
            await process.start()
    assert process.pid is None
    assert await process.start() is True


async def test_given_only_the_datagram_port_in_use_then_it_is_named(
    process: AsteriskProcess, settings: Settings
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.asterisk.sip_port))
        with pytest.raises(PortTaken, match=r"asterisk\.sip_port"):
            await process.start()


async def test_when_the_starter_is_killed_then_it_lives_and_the_next_adopts_it(
    process: AsteriskProcess, settings: Settings
) -> None:
    script = (
        "import asyncio, pathlib, sys, signal\n"
        "from dataclasses import replace\n"
        "from tests.support.asterisk import asterisk_home\n"
        "from tests.support.settings import make_settings\n"
        "from dialplan.process import AsteriskProcess\n"
        "var, sip, http = sys.argv[1:]\n"
        "s = make_settings(pathlib.Path(var).parent, asterisk__sip_port=int(sip),\n"
        "    asterisk__http_port=int(http), asterisk__rtp_first=RTP_FIRST,\n"
        "    asterisk__rtp_last=RTP_LAST)\n"
        "p = AsteriskProcess(s, asterisk_home())\n"
        "asyncio.run(p.start())\n"
        "print(p.pid, flush=True)\n"
        "signal.pause()\n"
    )
    chosen = settings.asterisk
    script = script.replace("RTP_FIRST", str(chosen.rtp_first))
    script = script.replace("RTP_LAST", str(chosen.rtp_last))
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(settings.var), str(chosen.sip_port),
        str(chosen.http_port), cwd=ROOT, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert starter.stdout is not None
    async with asyncio.timeout(60):
        pid = int(await starter.stdout.readline())
    starter.kill()
    await starter.wait()
    assert pids.alive(pid)
    assert os.getsid(pid) == pid
    assert await process.start() is False
    assert process.pid == pid
    assert (await process.status()).ok
    await process.stop()
    assert not pids.alive(pid)


async def test_when_adopted_then_changed_numbers_are_taken_up_without_a_restart(
    process: AsteriskProcess, settings: Settings
) -> None:
    await process.start()
    changed = with_number(settings, "12315")
    other = AsteriskProcess(changed, asterisk_home())
    assert await other.start() is False
    assert other.pid == process.pid
    async with (
        ear(tone(440)) as caller,
        sipp(
            "caller",
            sip_port=settings.asterisk.sip_port,
            ear_port=caller.port,
            dialled="12315",
            hold_s=0.2,
        ) as calls,
    ):
        await calls.done()


async def test_given_no_call_when_a_port_changed_then_it_is_restarted(
    process: AsteriskProcess, settings: Settings
) -> None:
    await process.start()
    moved = replace(settings, asterisk=replace(settings.asterisk, http_port=free_port()))
    other = AsteriskProcess(moved, asterisk_home())
    former = process.pid
    assert await other.start() is True
    assert other.pid != former
    assert (await other.status()).ok
    await other.stop()


async def test_given_a_call_when_a_port_changed_then_nothing_is_cut_and_the_reason_is_told(
    process: AsteriskProcess, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    await process.start()
    async with (
        ear(tone(440)) as caller,
        sipp(
            "caller", sip_port=settings.asterisk.sip_port, ear_port=caller.port, hold_s=8
        ) as calls,
    ):
        await until(lambda: bool(caller.heard))
        moved = replace(settings, asterisk=replace(settings.asterisk, http_port=free_port()))
        with pytest.raises(StartFailed, match=r"http\.conf changed"):
            await AsteriskProcess(moved, asterisk_home()).start()
        wider = replace(settings, asterisk=replace(settings.asterisk, rtp_last=65000))
        assert await AsteriskProcess(wider, asterisk_home()).start() is False
        assert "rtp.conf takes effect when Asterisk is restarted" in caplog.text
        await calls.done()


async def test_when_it_dies_then_watch_tells_and_the_next_start_is_a_fresh_one(
    process: AsteriskProcess,
) -> None:
    await process.start()
    watching = asyncio.create_task(process.watch())
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        assert await watching == -signal.SIGKILL
    assert (await process.status()).detail == "Asterisk is not running"
    assert await process.start() is True


async def test_given_a_call_when_stopped_then_the_caller_gets_a_bye(
    process: AsteriskProcess, settings: Settings
) -> None:
    await process.start()
    async with (
        ear(tone(440)) as caller,
        sipp(
            "caller", sip_port=settings.asterisk.sip_port, ear_port=caller.port, hold_s=30
        ) as calls,
    ):
        await until(lambda: bool(caller.heard))
        await process.stop()
        with pytest.raises(AssertionError, match="BYE"):
            await calls.done(10)


async def test_when_it_does_not_obey_then_it_is_killed(
    process: AsteriskProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_LIMIT_S", 0.2)
    await process.start()
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await process.stop()
    assert not pids.alive(pid)


async def test_given_a_foreign_process_under_the_kept_number_then_it_is_left_alone(
    process: AsteriskProcess, settings: Settings
) -> None:
    await process.start()
    state = settings.var / "asterisk/run/hotline.json"
    kept = state.read_text()
    pid = process.pid
    await process.stop()
    other = await asyncio.create_subprocess_exec("sleep", "60")
    state.write_text(kept.replace(f'"pid": {pid}', f'"pid": {other.pid}'))
    fresh = AsteriskProcess(settings, asterisk_home())
    assert fresh.pid is None
    await fresh.stop()
    assert other.returncode is None
    other.kill()
    await other.wait()


async def test_given_a_configuration_it_can_not_start_on_then_its_words_are_told(
    process: AsteriskProcess, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = replace(asterisk_home(), modules=Path("/nonexistent"))
    monkeypatch.setattr(processes, "START_LIMIT_S", 3.0)
    broken = AsteriskProcess(settings, home)
    with pytest.raises(StartFailed, match="Asterisk"):
        await broken.start()
    assert broken.pid is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.9", "0.0.0.0"])  # noqa: S104
async def test_it_starts_on_other_addresses_without_complaint(
    settings: Settings, host: str
) -> None:
    chosen = replace(settings, asterisk=replace(settings.asterisk, host=host))
    process = AsteriskProcess(chosen, asterisk_home())
    await process.start()
    try:
        assert (await process.status()).ok
        assert "WARNING" not in process.log_file.read_text()
        assert "ERROR" not in process.log_file.read_text()
    finally:
        await process.stop()


@pytest.mark.parametrize("password", ["p;w\\;x", 'a"b#c=>d', "密码 口令", "${EVIL}[x]"])
async def test_a_strange_password_still_opens(settings: Settings, password: str) -> None:
    chosen = replace(settings, asterisk=replace(settings.asterisk, password=password))
    process = AsteriskProcess(chosen, asterisk_home())
    await process.start()
    try:
        assert (await process.status()).ok
    finally:
        await process.stop()


async def test_the_log_is_rotated_and_old_ones_go(
    process: AsteriskProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 10)
    monkeypatch.setattr(processes, "TEND_EVERY_S", 0.1)
    await process.start()
    for number in range(8):
        process.log_file.with_name(f"messages.{number}").write_text("old")
    watching = asyncio.create_task(process.watch())
    wanted = {f"messages.{n}" for n in range(logs.OLD_FILES)}
    # In one look: it goes on being rotated, and their names change one after the other.
    await until(lambda: {f.name for f in process.log_file.parent.glob("messages.*")} == wanted, 20)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert (await process.status()).ok
