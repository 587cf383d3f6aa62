"""Requests that another site makes a browser send are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from agent_console.operations import SAFE
from agent_console.origins import Origins
from agent_console.routes import OPERATIONS
from config.load import load
from config.model import Console, Listen
from tests.console.house import API, House

UNSAFE = [o for o in OPERATIONS if o.method not in SAFE]
WITH_SESSION = [o for o in UNSAFE if o.roles is not None]
EVERYWHERE = "0.0.0.0"  # noqa: S104
FOREIGN = [
    "",
    "null",
    "http://evil.invalid",
    "http://127.0.0.1",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:{port}.evil.invalid",
    "http://evil.invalid:{port}",
    "http://127.0.0.1:{port}@evil.invalid",
    "http://127.0.0.1:{port}/",
    "http://[::1",
    "file://",
]


def path_of(path: str) -> str:
    path = path.replace("{id}", "1").replace("{call_id}", "0" * 32)
    return path.replace("{queue}", "business")


async def test_given_a_foreign_origin_then_every_unsafe_operation_is_refused(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    for operation in UNSAFE:
        for origin in FOREIGN:
            said = origin.format(port=house.console.port)
            answer = await agent.ask(
                operation.method, path_of(operation.path), {}, headers={"Origin": said}
            )
            refused = (answer.status, answer.problem)
            assert refused == (403, "foreign-origin"), (operation.name, said)
    assert (await agent.get("/session")).status == 200


async def test_given_no_or_a_wrong_token_then_every_unsafe_operation_is_refused(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    other = await house.signed_in("agent2")
    for operation in WITH_SESSION:
        for token in ("", "x" * 32, other.csrf):
            answer = await agent.ask(
                operation.method, path_of(operation.path), {}, headers={"X-CSRF-Token": token}
            )
            assert (answer.status, answer.problem) == (403, "csrf"), (operation.name, token)
    assert (await agent.get("/session")).status == 200


async def test_given_another_site_says_the_browser_then_the_request_is_refused(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    for site in ("cross-site", "same-site", "none"):
        answer = await agent.post("/seat/offline", headers={"Sec-Fetch-Site": site})
        assert (answer.status, answer.problem) == (403, "foreign-origin"), site
    answer = await agent.post("/seat/offline", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 200


@pytest.mark.parametrize(("path", "protocols"), [(f"{API}/live", ()), ("/sip", ("sip",))])
async def test_given_a_foreign_origin_then_no_socket_opens(
    house: House, path: str, protocols: tuple[str, ...]
) -> None:
    agent = await house.signed_in("agent")
    for origin in ("http://evil.invalid", ""):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await agent.open(path, protocols, Origin=origin)
        assert refused.value.status == 403


def console(host: str, *public: str, tls: bool = False) -> Console:
    shipped = load(environ={}).console
    return replace(
        shipped,
        listen=Listen(host, 8080),
        public_origins=public,
        tls_certificate=Path("cert.pem") if tls else None,
    )


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080", True),
        ("127.0.0.1", "http://localhost:8080", True),
        ("127.0.0.1", "http://[::1]:8080", True),
        ("127.0.0.1", "http://10.0.0.5:8080", False),
        ("127.0.0.1", "https://127.0.0.1:8080", False),
        (EVERYWHERE, "http://10.0.0.5:8080", True),
        (EVERYWHERE, "http://[2001:db8::1]:8080", True),
        (EVERYWHERE, "http://rebound.invalid:8080", False),
        ("10.0.0.5", "http://10.0.0.5:8080", True),
        ("10.0.0.5", "http://localhost:8080", False),
        ("127.0.0.1", "https://hotline.invalid", True),
        ("127.0.0.1", "https://hotline.invalid:444", False),
        ("127.0.0.1", "http://127.0.0.1:99999", False),
    ],
)
def test_given_a_listen_address_then_these_origins_are_ours(
    host: str, origin: str, ours: bool
) -> None:
    assert Origins(console(host, "https://hotline.invalid"), 8080).is_ours(origin) is ours


def test_given_a_certificate_then_only_https_is_ours() -> None:
    origins = Origins(console("127.0.0.1", tls=True), 8080)
    assert origins.is_ours("https://127.0.0.1:8080")
    assert not origins.is_ours("http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("public", "peer", "forwarded", "address"),
    [
        ((), "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        (("https://h.invalid",), "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (("https://h.invalid",), "127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (("https://h.invalid",), "127.0.0.1", "", "127.0.0.1"),
        (("https://h.invalid",), "198.51.100.2", "203.0.113.9", "198.51.100.2"),
    ],
)
def test_given_a_proxy_then_it_is_believed_only_when_it_is_ours(
    public: tuple[str, ...], peer: str, forwarded: str, address: str
) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded})
    request = request.clone(remote=peer)
    assert Origins(console("127.0.0.1", *public), 8080).address_of(request) == address
