"""The accounts of a demonstration, and those made by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from sqlalchemy import Connection, select

from config.load import load
from config.model import Settings
from db import Database, connect
from db.migrate import migrate
from db.models import account
from floor import seats
from hotline import accounts
from hotline.cli import main


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path / "var"))
    return load()


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    url = f"sqlite:///{settings.var / 'hotline.db'}"
    migrate(url)
    opened = await connect(url)
    yield opened
    await opened.close()


def _hash_of(conn: Connection, login: str) -> str:
    found: str = conn.execute(
        select(account.c.password_hash).where(account.c.login == login)
    ).scalar_one()
    return found


async def test_every_role_gets_an_account_whose_password_is_argon2id(
    settings: Settings, database: Database
) -> None:
    made = await accounts.make_demo(database, settings)
    assert {one.role for one in made} == {"agent", "expert", "supervisor", "unit", "admin"}
    assert len({one.password for one in made}) == len(made)
    for one in made:
        kept = await database.read(_hash_of, one.login)
        assert extract_parameters(kept).type is Type.ID
        assert PasswordHasher().verify(kept, one.password)


async def test_the_agents_and_nobody_else_have_seats_with_skills(
    settings: Settings, database: Database
) -> None:
    await accounts.make_demo(database, settings)
    found = await database.read(seats.all_seats)
    assert [seat.skills for seat in found] == [{"business": 1, "general": 1}, {"business": 2}]


async def test_given_an_account_when_it_starts_again_then_no_account_is_made(
    settings: Settings, database: Database
) -> None:
    assert await accounts.make_demo(database, settings)
    assert await accounts.make_demo(database, settings) == []


def test_by_hand_an_account_is_added_listed_and_given_a_new_password(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accounts", "add", "wang", "王话务", "agent", "--seat", "business:2"]) == 0
    first = capsys.readouterr().out.splitlines()[-1].split()[1]
    assert main(["accounts", "password", "wang"]) == 0
    second = capsys.readouterr().out.splitlines()[-1].split()[1]
    assert first != second
    assert main(["accounts", "list"]) == 0
    listed = capsys.readouterr().out
    assert "wang" in listed
    assert first not in listed
    assert second not in listed
    assert settings.var.is_dir()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "wang", "王", "agent", "--seat", "nowhere"], "no queue nowhere"),
        (["add", "wang", "王", "agent", "--seat", "business:best"], "whole number"),
        (["add", "wang", "王", "agent", "--seat", "business:0"], "whole number"),
        (["password", "nobody"], "no account nobody"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_and_nothing_is_made(
    settings: Settings, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["accounts", *words]) == 1
    assert said in capsys.readouterr().out
    assert main(["accounts", "list"]) == 0
    assert "wang" not in capsys.readouterr().out


@pytest.mark.usefixtures("settings")
def test_a_login_can_be_taken_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "add", "wang", "王", "agent"]) == 0
    assert main(["accounts", "add", "wang", "王", "agent"]) == 1
    assert "taken" in capsys.readouterr().out
