import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ivr.ari import Client, Settings
from tests.ari.fake_asterisk import FakeAsterisk


@dataclass(frozen=True)
class AriServer:
    """A real Asterisk. Its dialplan has the context ``context`` with the extensions

    - ``wait``: Answer, then Wait(600)
    - ``busy``: Hangup(17)
    - ``_app-.``: Stasis(${EXTEN:4},one,two), then Wait(600)
    """

    url: str
    username: str
    password: str
    context: str = "ari-test"


@pytest.fixture
def ari_server() -> AriServer:
    url = os.environ.get("ARI_URL")
    if url is None:
        pytest.skip("ARI_URL names no Asterisk")
    return AriServer(
        url,
        os.environ["ARI_USER"],
        os.environ["ARI_PASSWORD"],
        os.environ.get("ARI_CONTEXT", "ari-test"),
    )


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
