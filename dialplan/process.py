"""One Asterisk process of our own: started, adopted, watched, stopped.

It runs in a session of its own and outlives the controller: after `kill -9` of ours the callers
stay, and the next start adopts what runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from config.model import Settings
from dialplan import kept, pids, secrets
from dialplan import render as rendering
from dialplan.conf import bracketed
from dialplan.errors import PortTaken, StartFailed, StopFailed
from dialplan.home import AsteriskHome
from dialplan.kept import Kept
from dialplan.logs import last_lines, remove_old, too_large
from dialplan.render import Rendered

log = logging.getLogger("hotline.dialplan")

START_LIMIT_S = 30.0
"""Three seconds are usual; a machine under load gets ten times that."""
STOP_LIMIT_S = 20.0
"""Asterisk itself gives calls 15 s to end on SIGTERM."""
KILL_LIMIT_S = 5.0
ANSWER_LIMIT_S = 3.0
MOST_FILES = 262_144
TEND_EVERY_S = 60.0
_POLL_S = 0.05

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound here

# Files that a running Asterisk reads again without a call being touched, and what reads them.
# The rest (ports, directories, modules, transports) needs a restart.
RELOADED_BY = {
    "extensions.conf": "pbx_config.so",
    "queues.conf": "app_queue.so",
    "musiconhold.conf": "res_musiconhold.so",
    "pjsip_trunks.conf": "res_pjsip.so",
}
_REACHED_BY = {"http.conf", "ari.conf"}
_WITH_PJSIP = ("res_pjsip_outbound_registration.so", "res_pjsip_endpoint_identifier_ip.so")


@dataclass(frozen=True, slots=True)
class Health:
    """How Asterisk is: `detail` is a sentence for the operator."""

    ok: bool
    detail: str


class AsteriskProcess:
    """The Asterisk of `settings`, out of `home`. One instance is used by one event loop."""

    def __init__(self, settings: Settings, home: AsteriskHome) -> None:
        self._settings = settings
        self._home = home
        self._base = rendering.base(settings)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs, started by us or by a controller before us; None when none."""
        if self._child is not None and self._child.poll() is None:
            return self._child.pid
        running = kept.running(self._base)
        return running.pid if running else None

    @property
    def log_file(self) -> Path:
        return self._base / "log" / "messages"

    @property
    def url(self) -> str:
        """Asterisk's HTTP server, e.g. http://127.0.0.1:8088 (ARI lies at /ari)."""
        host = _EVERYWHERE.get(self._settings.asterisk.host, self._settings.asterisk.host)
        return f"http://{bracketed(host)}:{self._settings.asterisk.http_port}"

    async def start(self) -> bool:
        """Render, then adopt ours if it runs, else start one; returns when it answers.

        True: started afresh; False: adopted, with what can be reloaded reloaded. One that needs
        a restart for changed settings gets it when no call is on it; else it stays as it is.
        Raises PortTaken, StartFailed or RenderError.
        """
        rendered = await asyncio.to_thread(rendering.render, self._settings, self._home)
        running = kept.running(self._base)
        if running is not None and await self._adopt(running, rendered):
            return False
        self._check_ports()
        self._spawn(rendered)
        try:
            await self._ready()
        except BaseException:
            await asyncio.shield(self.stop())
            raise
        return True

    async def stop(self) -> None:
        """End it: calls are hung up, then it goes; killed when it does not. StopFailed at last."""
        pid = self.pid
        if pid is None:
            self._over()
            return
        for sign, limit_s in ((signal.SIGTERM, STOP_LIMIT_S), (signal.SIGKILL, KILL_LIMIT_S)):
            log.info("ending Asterisk, process %d, with %s", pid, sign.name)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            if await self._gone(pid, limit_s):
                self._over()
                return
        raise StopFailed(f"Asterisk, process {pid}, can't be ended")

    def _over(self) -> None:
        kept.forget(self._base)
        self._child = None

    async def watch(self) -> int | None:
        """Return when Asterisk has ended; its exit status when it was our child.

        Keeps the log small meanwhile. Cancelling leaves Asterisk as it is.
        """
        pid = self.pid
        if pid is None:
            return self._child.returncode if self._child is not None else None
        while not await self._gone(pid, TEND_EVERY_S):
            await self._tend()
        return self._child.returncode if self._child is not None else None

    async def status(self) -> Health:
        """Whether the process lives and answers; never raises."""
        if self.pid is None:
            return Health(False, "Asterisk is not running")
        try:
            async with self._session() as session, session.get("/ari/asterisk/ping") as answer:
                if answer.status == 200:
                    return Health(True, f"Asterisk {self._home.version}")
                return Health(False, f"Asterisk refuses ARI ({answer.status})")
        except (aiohttp.ClientError, TimeoutError) as problem:
            return Health(False, f"Asterisk does not answer ({type(problem).__name__})")

    # -- starting

    def _check_ports(self) -> None:
        asterisk = self._settings.asterisk
        wanted = (
            ("asterisk.http_port", asterisk.http_port, socket.SOCK_STREAM),
            ("asterisk.sip_port", asterisk.sip_port, socket.SOCK_STREAM),
            ("asterisk.sip_port", asterisk.sip_port, socket.SOCK_DGRAM),
        )
        for setting, port, kind in wanted:
            family = socket.AF_INET6 if ":" in asterisk.host else socket.AF_INET
            with socket.socket(family, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((asterisk.host, port))
                except OSError as problem:
                    raise PortTaken(
                        f"{setting}: {asterisk.host} port {port} can't be used "
                        f"({problem.strerror}); end what uses it or set another port"
                    ) from problem

    def _spawn(self, rendered: Rendered) -> None:
        output = os.open(
            self._base / "log" / "output",
            os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC,
            0o600,
        )
        try:
            child = subprocess.Popen(
                self._home.command(rendered.conf),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._base,
                start_new_session=True,
                umask=0o077,
            )
        except OSError as problem:
            raise StartFailed(f"{self._home.binary} does not start: {problem}") from problem
        finally:
            os.close(output)
        self._child = child
        kept.keep(self._base, child.pid, self.url, rendered.hashes)
        # Five descriptors a leg; the usual 1,024 would be gone at two hundred calls.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = min(hard, MOST_FILES)
        with contextlib.suppress(ProcessLookupError):  # ended already: `_ready` tells why
            resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (files, files))

    async def _ready(self) -> None:
        """Wait until ARI answers and everything is loaded."""
        deadline = time.monotonic() + START_LIMIT_S
        async with self._session() as session:
            while time.monotonic() < deadline:
                if self.pid is None:
                    raise StartFailed(
                        f"Asterisk ended while starting; its last words in {self._base / 'log'}: "
                        + last_lines(self._base / "log" / "output", self.log_file)
                    )
                if await self._answers(session):
                    return
                await asyncio.sleep(_POLL_S)
        raise StartFailed(
            f"Asterisk does not answer at {self.url} after {START_LIMIT_S:.0f} s; "
            + last_lines(self.log_file)
        )

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            # The last module of the list: SIP and the dialplan are there when it is.
            async with session.get("/ari/asterisk/modules/chan_websocket.so") as answer:
                if answer.status == 401:
                    raise StartFailed(
                        f"{self.url} refuses the password of {self._settings.asterisk.user}: "
                        "another Asterisk than ours answers there"
                    )
                return answer.status == 200 and (await answer.json())["status"] == "Running"
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _session(self) -> aiohttp.ClientSession:
        user, password = self._settings.asterisk.user, secrets.ari_password(self._settings)
        return aiohttp.ClientSession(
            self.url,
            headers={"Authorization": aiohttp.encode_basic_auth(user, password)},
            timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT_S),
        )

    # -- adopting

    async def _adopt(self, running: Kept, rendered: Rendered) -> bool:
        """Take over what runs; False when it was ended, to be started with changed settings."""
        changed = _changed(running.hashes, rendered.hashes)
        fixed = sorted(changed - RELOADED_BY.keys())
        if fixed and await self._idle(running):
            log.info("no call is on it: Asterisk is restarted for %s", ", ".join(fixed))
            await self.stop()
            return False
        if changed & _REACHED_BY:
            raise StartFailed(
                f"Asterisk, process {running.pid}, still serves calls with its former port or "
                f"password ({', '.join(sorted(changed & _REACHED_BY))} changed); undo the change "
                "until the calls have ended, or end it, which cuts them off"
            )
        log.info("adopted the running Asterisk, process %d", running.pid)
        await self._ready()
        await self._reload(running, rendered, changed)
        return True

    async def _idle(self, running: Kept) -> bool:
        """Whether the running one says that no call is on it."""
        try:
            async with (
                self._session() as session,
                session.get(f"{running.url or self.url}/ari/channels") as answer,
            ):
                return answer.status == 200 and not await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _reload(self, running: Kept, rendered: Rendered, changed: set[str]) -> None:
        reloaded = changed & RELOADED_BY.keys()
        modules = [RELOADED_BY[name] for name in sorted(reloaded)]
        if "pjsip_trunks.conf" in reloaded:
            modules += _WITH_PJSIP
        async with self._session() as session:
            for module in modules:
                async with session.put(f"/ari/asterisk/modules/{module}") as answer:
                    answer.raise_for_status()
                log.info("settings changed: reloaded %s", module)
        for name in sorted(changed - reloaded):
            log.warning("settings changed: %s takes effect when Asterisk is restarted", name)
        # What was not taken up keeps its former hash, so that the next start finds it again.
        hashes = {n: h for n, h in rendered.hashes.items() if n not in changed - reloaded}
        hashes |= {n: h for n, h in running.hashes.items() if n in changed - reloaded}
        kept.keep(self._base, running.pid, self.url, hashes)

    # -- watching

    async def _gone(self, pid: int, limit_s: float) -> bool:
        if not await pids.ended(pid, limit_s):
            return False
        if self._child is not None and self._child.pid == pid:
            self._child.wait()  # reaped: it has ended
        return True

    async def _tend(self) -> None:
        if not too_large(self.log_file):
            return
        try:
            async with (
                self._session() as session,
                session.put("/ari/asterisk/logging/messages/rotate") as answer,
            ):
                answer.raise_for_status()
            await asyncio.to_thread(remove_old, self.log_file)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.warning("Asterisk's log could not be rotated: %s", type(problem).__name__)


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
