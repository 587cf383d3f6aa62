"""Health, the served page and its headers, TLS, starting and stopping."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection

from agent_console import health
from agent_console.parts import Parts
from agent_console.server import Console
from config.model import Listen, Settings
from db import Database
from db.engine import DatabaseUnavailable
from floor import controllers
from tests.console.clock import Clock
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.house import SEALER, House, caller_hash, keep_number, serve, until


def ready(conn: Connection, state: str = "ready") -> None:
    controllers.take_over(conn, "a1", "token")
    controllers.beat(conn, "a1", "token", state, None if state == "ready" else "why")


async def test_given_all_parts_well_then_healthz_is_200(house: House) -> None:
    await house.do(ready)
    answer = await house.browser().get("/healthz")
    assert answer.status == 200
    assert answer.json["status"] == "ok"
    assert {n for n, p in answer.json.items() if n != "status" and p["ok"]} == {
        "asterisk", "controller", "database",
    }  # fmt: skip


@pytest.mark.parametrize("part", ["asterisk", "controller", "database"])
async def test_given_one_part_unwell_then_healthz_names_it_with_503(
    house: House, asterisk: FakeAsterisk, part: str
) -> None:
    await house.do(ready)
    database = type(house.database)
    broken = patch.object(database, "read", side_effect=DatabaseUnavailable("gone"))
    if part == "asterisk":
        asterisk.away = True
    if part == "controller":
        await house.do(ready, "starting")
    if part == "database":
        broken.start()
    answer = await house.browser().get("/healthz")
    broken.stop() if part == "database" else None
    assert answer.status == 503
    assert answer.json["status"] == "unwell"
    assert answer.json[part]["ok"] is False
    assert answer.json[part]["detail"]
    if part != "database":
        assert [n for n, p in answer.json.items() if n != "status" and not p["ok"]] == [part]


async def test_given_no_controller_or_an_old_beat_then_healthz_says_so(house: House) -> None:
    answer = await house.browser().get("/healthz")
    assert answer.json["controller"]["detail"] == "no controller has started"
    await house.do(ready)
    with patch.object(controllers, "STALE_MS", -1):
        answer = await house.browser().get("/healthz")
    assert answer.json["controller"] == {
        "ok": False, "detail": "no sign of life from any controller",
    }  # fmt: skip


async def test_given_a_part_that_never_answers_then_healthz_does(house: House) -> None:
    never = asyncio.Event()

    async def hangs(*_: object) -> None:
        await never.wait()

    with (
        patch.object(health, "LIMIT_S", 0.05),
        patch.object(type(house.database), "read", side_effect=hangs),
    ):
        answer = await house.browser().get("/healthz")
    assert answer.status == 503
    assert "no answer within" in answer.json["database"]["detail"]


SECURED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/session", "/api/v1/openapi.json", "/healthz", "/nothing.js", "/icon.svg"]
)
async def test_given_any_answer_then_it_carries_the_security_headers(
    house: House, path: str
) -> None:
    async with house.browser().http.get(house.console.url + path) as answer:
        headers = answer.headers
    assert {n: headers.get(n) for n in SECURED} == SECURED
    policy = dict(p.strip().split(" ", 1) for p in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in policy["style-src"]
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers
    if path.startswith("/api"):
        assert headers["Cache-Control"] == "no-store"


async def test_given_a_room_of_the_web_application_then_its_page_comes_with_a_fresh_nonce(
    house: House,
) -> None:
    nonces = set()
    for path in ("/", "/tickets/12", "/phone", "/sign-in?next=/tickets"):
        async with house.browser().http.get(house.console.url + path) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-cache"
            nonce = (await answer.text()).split('content="')[1].split('"')[0]
            assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
            nonces.add(nonce)
    assert len(nonces) == 4


async def test_given_files_then_hashed_ones_are_kept_forever_and_others_asked_for(
    house: House,
) -> None:
    http, url = house.browser().http, house.console.url
    async with http.get(f"{url}/assets/app-1a2b.js") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "javascript" in answer.headers["Content-Type"]
    async with http.get(f"{url}/icon.svg") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Type"] == "image/svg+xml"
        tag = answer.headers["ETag"]
    async with http.get(f"{url}/icon.svg", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    for path in ("/assets/gone.js", "/favicon.ico", "/index.html/../x.js"):
        async with http.get(url + path) as answer:
            assert answer.status == 404
    async with http.post(url + "/tickets/12") as answer:
        assert answer.status in (403, 405)


async def test_given_a_new_build_while_running_then_its_files_are_served(
    house: House, dist: Path
) -> None:
    http, url = house.browser().http, house.console.url
    async with http.get(f"{url}/assets/app-3c4d.js") as answer:
        assert answer.status == 404
    (dist / "assets" / "app-1a2b.js").rename(dist / "assets" / "app-3c4d.js")
    async with http.get(f"{url}/assets/app-3c4d.js") as answer:
        assert answer.status == 200
    async with http.get(f"{url}/assets/app-1a2b.js") as answer:
        assert answer.status == 404


async def test_given_no_build_then_the_page_says_what_to_do(
    settings: Settings, database: Database, tmp_path: Path, clock: Clock
) -> None:
    async with serve(settings, database, tmp_path / "nothing", clock) as house:
        answer = await house.browser().ask("GET", "/healthz/../")
        assert answer.status == 503
        assert answer.problem == "web-not-built"


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = directory / "cert.pem", directory / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


async def test_given_a_certificate_then_everything_speaks_tls(
    settings: Settings, database: Database, dist: Path, clock: Clock, tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path)
    console = replace(settings.console, tls_certificate=cert, tls_key=key)
    trusted = ssl.create_default_context(cafile=str(cert))
    async with serve(replace(settings, console=console), database, dist, clock) as house:
        agent = house.browser()
        agent.url = agent.url.replace("127.0.0.1", "localhost")
        assert agent.url.startswith("https://")
        answer = await agent.post(
            "/session", {"login": "agent", "password": "made-up-password"}, ssl=trusted
        )
        assert answer.status == 200
        assert "Secure" in answer.headers["Set-Cookie"]
        assert answer.headers["Strict-Transport-Security"]
        agent.csrf = answer.json["csrf"]
        phone = await agent.post("/seat/phone", ssl=trusted)
        assert phone.json["ws"] == f"wss://localhost:{house.console.port}/sip"
        for path, protocols in (("/api/v1/live", ()), ("/sip", ("sip",))):
            socket = await agent.http.ws_connect(
                agent.url.replace("https", "wss") + path,
                protocols=protocols,
                headers=agent.headers(),
                ssl=trusted,
            )
            agent.sockets.append(socket)
        assert len(house.console.services.sip) == 1


async def test_given_a_port_that_is_taken_then_starting_fails_and_leaves_nothing(
    house: House, settings: Settings, database: Database, dist: Path
) -> None:
    taken = replace(settings.console, listen=Listen("127.0.0.1", house.console.port))
    parts = Parts(
        replace(settings, console=taken), database, "x", caller_hash, keep_number, SEALER, web=dist
    )
    with pytest.raises(OSError, match="in use"):
        async with Console(parts):
            pass


async def test_given_a_background_task_that_dies_then_whoever_runs_the_console_hears_of_it(
    settings: Settings, database: Database, dist: Path
) -> None:
    parts = Parts(settings, database, "x", caller_hash, keep_number, SEALER, web=dist)

    async def dies(_: object) -> None:
        raise RuntimeError("broken")

    with patch("agent_console.keeper.keep", dies):
        async with Console(parts) as console:
            with pytest.raises(RuntimeError, match="broken"):
                await asyncio.wait_for(console.failed, 10)


async def test_given_a_request_under_way_when_stopping_then_it_is_answered(
    settings: Settings, database: Database, dist: Path, clock: Clock, asterisk: FakeAsterisk
) -> None:
    async with serve(settings, database, dist, clock) as house:
        agent = await house.signed_in("agent")
        live = await agent.live()
        await live.receive(timeout=10)
        telephone = await agent.open("/sip", ("sip",))
        release = asyncio.Event()

        async def slowly(*_: object) -> None:
            await release.wait()

        services = house.console.services
        with patch.object(type(services.phones), "ping", slowly):
            asking = asyncio.create_task(agent.get("/healthz"))
            await until(lambda: not asking.done() and len(services.sip) == 1)
            stopping = asyncio.create_task(house.console.stop())
            assert (await live.receive(timeout=10)).data == aiohttp.WSCloseCode.GOING_AWAY
            assert (await telephone.receive(timeout=10)).data == aiohttp.WSCloseCode.GOING_AWAY
            release.set()
            assert (await asking).status == 503
            await stopping
