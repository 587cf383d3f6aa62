"""A real console on a real database of its own, with an Asterisk that a test can shape."""

from __future__ import annotations

import functools
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.load import load
from config.model import Listen, Settings
from db import Database, connect
from db.migrate import migrate
from tests.console.clock import Clock
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.house import House, serve
from tests.support.postgres import Postgres, postgres


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Modules whose queries must mean the same on both databases say `ON_BOTH = True`."""
    if getattr(metafunc.module, "ON_BOTH", False) and "database_url" in metafunc.fixturenames:
        kinds = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
        metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated, empty database file that every test copies."""
    file = tmp_path_factory.mktemp("console") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL of this session, with a migrated template."""
    with postgres() as running:
        running._ask("CREATE DATABASE migrated")
        migrate(running.url.rsplit("/", 1)[0] + "/migrated")
        yield running


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, or PostgreSQL where a module says `ON_BOTH = True`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        file = tmp_path / "hotline.db"
        shutil.copy(request.getfixturevalue("migrated"), file)
        yield f"sqlite:///{file}"
        return
    running: Postgres = request.getfixturevalue("server")
    name = f"c{abs(hash(str(tmp_path))):x}"
    running._ask(f'CREATE DATABASE "{name}" TEMPLATE migrated')
    url = running.url.rsplit("/", 1)[0] + f"/{name}"
    yield url
    running.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    fake = FakeAsterisk()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@functools.cache
def _shipped() -> Settings:
    return load(environ={})


@pytest.fixture
def settings(tmp_path: Path, asterisk: FakeAsterisk) -> Settings:
    shipped = _shipped()
    return replace(
        shipped,
        var=tmp_path,
        console=replace(shipped.console, listen=Listen("127.0.0.1", 0)),
        asterisk=replace(shipped.asterisk, http_port=asterisk.port),
    )


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A built web application in small."""
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">')
    (built / "icon.svg").write_text("<svg/>")
    (built / "assets" / "app-1a2b.js").write_text("1")
    return built


@pytest.fixture
async def house(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> AsyncIterator[House]:
    async with serve(settings, database, dist, clock) as ready:
        yield ready


@pytest.fixture
async def sealing(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> AsyncIterator[House]:
    """A house that seals in earnest: what it keeps can be opened again."""
    async with serve(settings, database, dist, clock, seals=True) as ready:
        yield ready
