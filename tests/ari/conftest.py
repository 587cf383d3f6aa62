import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from dialplan import render
from ivr.ari import Client, Settings
from tests.ari.fake_asterisk import FakeAsterisk
from tests.support.asterisk import Running, running_asterisk


@dataclass(frozen=True)
class AriServer:
    """A real Asterisk. Its dialplan has the context ``context`` with the extensions

    - ``wait``: Answer, then Wait(600)
    - ``_app-.``: Stasis(${EXTEN:4},one,two), then Wait(600)
    """

    url: str
    username: str
    password: str
    context: str = "ari-test"
    running: Running | None = None
    """The Asterisk as we run it; None when it is somebody else's."""


DIALPLAN = """
[ari-test]
exten = wait,1,Answer()
 same = n,Wait(600)
exten = _app-.,1,Stasis(${EXTEN:4},one,two)
 same = n,Wait(600)
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ari_server() -> AsyncIterator[AriServer]:
    """The Asterisk of ARI_URL, or one of our own for the whole run."""
    url = os.environ.get("ARI_URL")
    if url is not None:
        context = os.environ.get("ARI_CONTEXT", "ari-test")
        yield AriServer(url, os.environ["ARI_USER"], os.environ["ARI_PASSWORD"], context)
        return
    # The client serves others too: here Asterisk says everything that it can say.
    async with AsyncExitStack() as stack:
        # For the rendering alone: other tests of this session render as we ship.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(render, "DECLINED", ("cel_generic_type",))
            running = await stack.enter_async_context(running_asterisk())
        yield await _furnished(running)


async def _furnished(running: Running) -> AriServer:
    extensions = running.settings.var / "asterisk" / "etc" / "extensions.conf"
    extensions.chmod(0o600)
    with extensions.open("a") as file:
        file.write(DIALPLAN)
    async with running.http.put("/ari/asterisk/modules/pbx_config.so") as reloaded:
        assert reloaded.status == 204
    return AriServer(f"{running.url}/ari", running.user, running.password, running=running)


@pytest.fixture
async def fake() -> AsyncIterator[FakeAsterisk]:
    server = FakeAsterisk()
    await server.start()
    yield server
    await server.stop()


QUICK: dict[str, Any] = {
    "request_timeout": 30.0,
    "blocking_timeout": 30.0,
    "slow_answer": 30.0,
    "backoff_first": 0.001,
    "backoff_most": 0.01,
}

MakeClient = Callable[..., Client]


@pytest.fixture
async def make_client(fake: FakeAsterisk) -> AsyncIterator[MakeClient]:
    """Clients of the fake, started by the test and closed by this fixture."""
    made: list[Client] = []

    def make(settings: dict[str, float] | None = None, **options: Any) -> Client:
        client = Client(
            fake.url,
            "user",
            "secret",
            "test",
            settings=Settings(**{**QUICK, **(settings or {})}),
            **options,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


@pytest.fixture
async def client(make_client: MakeClient) -> Client:
    """A client connected to the fake."""
    client = make_client()
    await client.start()
    return client
