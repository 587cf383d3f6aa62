"""A small client of Asterisk's manager interface over its HTTP server (`/rawman`).

For the things that ARI can't do: begin and pause a MixMonitor, and put seats into the queue that
serves callers while no controller runs. Usable alone; imports nothing of the project.

    async with aiohttp.ClientSession() as session:
        ami = Ami(session, "http://127.0.0.1:8088", "hotline", password)
        await ami.mixmonitor_mute("PJSIP/trunk-00000001", True)

AmiError
├── AmiUnreachable    no answer, or none that is AMI's
├── AmiSignInRefused  user or password is wrong, or this address may not sign in
└── AmiRefused        Asterisk understood and said no; `message` is its own
"""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie

import aiohttp

LIMIT_S = 5.0
"""These actions take milliseconds; a longer silence means Asterisk is not well."""

_COOKIE = "mansession_id"
_SESSION_OVER = ("authentication required", "permission denied")
_ALREADY_SO = ("already there", "not there")


class AmiError(Exception):
    """The root: something asked of AMI was not done."""


class AmiUnreachable(AmiError):
    """Asterisk's HTTP server did not answer in time, or not with AMI's words."""


class AmiSignInRefused(AmiError):
    """Asterisk does not take this user, password or address."""


class AmiRefused(AmiError):
    """Asterisk refused the action. `action` is its name, `message` Asterisk's own sentence."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(f"{action}: {message}")
        self.action = action
        self.message = message


class Ami:
    """Signs in at the first action and again whenever Asterisk has forgotten the session.

    `url` is Asterisk's HTTP server without a path. The aiohttp session is the caller's to close.
    Actions go one at a time.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, user: str, password: str) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/rawman"
        self._user = user
        self._password = password
        self._cookie: str | None = None
        self._turn = asyncio.Lock()

    async def mixmonitor(self, channel: str, file: str, options: str) -> None:
        """Begin to record `channel` into `file`, as the dialplan's MixMonitor does.

        The AMI user needs class `system`. AmiRefused when the channel is gone.
        """
        await self.action("MixMonitor", Channel=channel, File=file, Options=options)

    async def mixmonitor_mute(self, channel: str, on: bool) -> None:
        """Write silence (`on`) or sound again into the recording of `channel`, both directions.

        The recording keeps its time line. AmiRefused when the channel is gone.
        """
        await self.action(
            "MixMonitorMute", Channel=channel, Direction="both", State="1" if on else "0"
        )

    async def queue_add(self, queue: str, interface: str, name: str) -> None:
        """Make `interface` (PJSIP/seat-000001) a member; nothing happens when it is one already."""
        await self._to_be_so("QueueAdd", Queue=queue, Interface=interface, MemberName=name)

    async def queue_remove(self, queue: str, interface: str) -> None:
        """Take a member out; nothing happens when it is none."""
        await self._to_be_so("QueueRemove", Queue=queue, Interface=interface)

    async def _to_be_so(self, action: str, **words: str) -> None:
        try:
            await self.action(action, **words)
        except AmiRefused as refused:
            if not refused.message.lower().endswith(_ALREADY_SO):
                raise

    async def action(self, action: str, **words: str) -> dict[str, str]:
        """Perform one action that answers once; its answer's headers, names in small letters."""
        for value in words.values():
            if any(ord(c) < 32 for c in value):
                raise ValueError(f"{action}: a control character in an argument")
        async with self._turn:
            if self._cookie is None:
                await self._sign_in()
            answer = await self._ask(action, words)
            if answer.get("message", "").lower().startswith(_SESSION_OVER):
                await self._sign_in()
                answer = await self._ask(action, words)
        if answer.get("response") != "Success":
            raise AmiRefused(action, answer.get("message", "no reason given"))
        return answer

    async def _sign_in(self) -> None:
        self._cookie = None
        answer = await self._ask("Login", {"Username": self._user, "Secret": self._password})
        if answer.get("response") != "Success" or self._cookie is None:
            raise AmiSignInRefused(answer.get("message", "no session was given"))

    async def _ask(self, action: str, words: dict[str, str]) -> dict[str, str]:
        # By POST: a password has no place in an address. The cookie is ours to keep, because
        # aiohttp's own jar takes none from a numeric address.
        headers = {"Cookie": f'{_COOKIE}="{self._cookie}"'} if self._cookie else {}
        try:
            async with self._session.post(
                self._url,
                data={"Action": action, **words},
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=LIMIT_S),
            ) as reply:
                text = await reply.text()
                status = reply.status
                given = SimpleCookie(reply.headers.get("Set-Cookie", "")).get(_COOKIE)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise AmiUnreachable(f"{action}: {type(problem).__name__}") from problem
        answer = _headers(text)
        if "response" not in answer:
            raise AmiUnreachable(f"{action}: HTTP {status} without an answer of AMI's")
        if given is not None:
            self._cookie = given.value
        return answer


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
