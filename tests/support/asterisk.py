"""A real Asterisk for a test, on ports and directories of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from config.load import load
from config.model import Settings
from dialplan import phones, secrets
from dialplan.fetch import get_asterisk
from dialplan.home import AsteriskHome
from dialplan.process import AsteriskProcess
from tests.support.settings import ROOT, make_settings

_LISTED_LIMIT_S = 10.0
_LOOK_AGAIN_S = 0.005


@functools.cache
def asterisk_home() -> AsteriskHome:
    """The Asterisk all tests share: HOTLINE_ASTERISK_HOME, the machine's, or `var/` of the tree.

    Fetched once when there is none yet.
    """
    named = {k: v for k, v in os.environ.items() if k == "HOTLINE_ASTERISK_HOME"}
    shipped = load(ROOT / "config" / "default.toml", environ=named)
    return get_asterisk(replace(shipped, var=ROOT / "var"))


def _open_files(pid: int | None) -> Iterator[Path]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        # Others are opened and closed as this looks.
        with contextlib.suppress(FileNotFoundError):
            yield link.readlink()


@dataclass(frozen=True, slots=True)
class Running:
    """An Asterisk that answers."""

    url: str
    """Its HTTP server; ARI lies at `{url}/ari`."""
    user: str
    password: str
    ami_password: str
    sip_port: int
    settings: Settings
    process: AsteriskProcess
    http: aiohttp.ClientSession
    """Signed in to ARI; paths begin with /ari."""

    async def push(self, objects: Iterable[phones.Pushed]) -> None:
        """Make telephones known, as the console does at a sign-in."""
        for pushed in objects:
            async with self.http.put(f"/ari/{pushed.path}", json=pushed.body) as answer:
                assert answer.status == 200, f"{pushed.kind}: {await answer.text()}"

    async def push_seat(self, seat: int, port: int) -> str:
        """A seat whose telephone waits on a local port (SIPp); its endpoint, which can be rung."""
        endpoint = phones.seat_id(seat)
        contact = f"sip:{endpoint}@127.0.0.1:{port}"
        await self.push(
            phones.wired_phone(self.settings.asterisk, endpoint, contact, context="from-seat")
        )
        await self.lists(endpoint, "online")
        return endpoint

    async def lists(self, endpoint: str, state: str | None) -> None:
        """Wait until Asterisk lists a telephone in that state; None: not at all.

        Its list follows what it answers (a push, a REGISTER, a removal) a little later.
        """
        async with asyncio.timeout(_LISTED_LIMIT_S):
            while await self._listed(endpoint) != state:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_LOOK_AGAIN_S)

    async def _listed(self, endpoint: str) -> str | None:
        async with self.http.get(f"/ari/endpoints/PJSIP/{endpoint}") as answer:
            if answer.status == 404:
                return None
            shown: dict[str, str] = await answer.json()
            return shown["state"]

    async def has_closed(self) -> None:
        """Wait until no recording is written any more: Asterisk closes it after the call's end."""
        async with asyncio.timeout(_LISTED_LIMIT_S):
            while await asyncio.to_thread(self._writes):  # noqa: ASYNC110 - as above
                await asyncio.sleep(_LOOK_AGAIN_S)

    def _writes(self) -> bool:
        spool = self.settings.spool.resolve()
        return any(file.parent == spool for file in _open_files(self.process.pid))

    async def channels(self) -> list[dict[str, object]]:
        async with self.http.get("/ari/channels") as answer:
            listed: list[dict[str, object]] = await answer.json()
            return listed


@asynccontextmanager
async def running_asterisk(
    directory: Path | None = None, settings: Settings | None = None, **overrides: object
) -> AsyncIterator[Running]:
    """Start one, hand it out, stop it. `overrides` are those of `make_settings`.

    Its directory is a short one below the temporary directory unless one is given: the control
    socket's path has a limit.
    """
    with tempfile.TemporaryDirectory(prefix="hl-") as short:
        chosen = settings or make_settings(directory or Path(short), **overrides)
        process = AsteriskProcess(chosen, asterisk_home())
        await process.start()
        try:
            password = secrets.ari_password(chosen)
            async with aiohttp.ClientSession(
                process.url,
                headers={
                    "Authorization": aiohttp.encode_basic_auth(chosen.asterisk.user, password)
                },
            ) as http:
                yield Running(
                    url=process.url,
                    user=chosen.asterisk.user,
                    password=password,
                    ami_password=secrets.ami_password(chosen),
                    sip_port=chosen.asterisk.sip_port,
                    settings=chosen,
                    process=process,
                    http=http,
                )
        finally:
            await process.stop()
