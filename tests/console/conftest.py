"""A real console on a real database in tmp, with an Asterisk that a test can shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent_console.parts import Parts
from agent_console.passwords import Passwords
from agent_console.server import Console
from config.load import load
from config.model import Listen, Settings
from db import Database, connect
from db.migrate import migrate
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.house import HASHER, House, caller_hash


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated, empty database file that every test copies."""
    file = tmp_path_factory.mktemp("console") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def database(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    file = tmp_path / "hotline.db"
    file.write_bytes(migrated.read_bytes())
    opened = await connect(f"sqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    fake = FakeAsterisk()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def settings(tmp_path: Path, asterisk: FakeAsterisk) -> Settings:
    shipped = load(environ={})
    return replace(
        shipped,
        var=tmp_path,
        console=replace(shipped.console, listen=Listen("127.0.0.1", 0)),
        asterisk=replace(shipped.asterisk, http_port=asterisk.port),
    )


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A built web application in small."""
    web_dist = tmp_path / "dist"
    (web_dist / "assets").mkdir(parents=True)
    (web_dist / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">')
    (web_dist / "icon.svg").write_text("<svg/>")
    (web_dist / "assets" / "app-1a2b.js").write_text("1")
    return web_dist


@pytest.fixture
async def house(settings: Settings, database: Database, dist: Path) -> AsyncIterator[House]:
    parts = Parts(settings, database, "made-up", caller_hash, web=dist)
    async with Console(parts, Passwords(HASHER)) as console:
        async with House(console, database) as ready:
            yield ready
        assert not console.failed.done(), "a background task of the console died"
