"""The accounts of a demonstration, and those made by hand."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from sqlalchemy import Connection, select

from agent_console import people
from config.load import load
from config.model import Settings
from db import Database, connect
from db.models import account
from floor import seats
from hotline import accounts
from hotline.cli import main
from hotline.numbers import sealer
from knowledge import experts
from tests.db.databases import new_sqlite
from tickets import catalogue, classes, units


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path / "var"))
    return load()


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = await connect(new_sqlite(settings.var, "hotline.db"))
    yield opened
    await opened.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time, where passwords are not what is looked at."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "hash_password", hasher.hash)


def _hash_of(conn: Connection, login: str) -> str:
    found: str = conn.execute(
        select(account.c.password_hash).where(account.c.login == login)
    ).scalar_one()
    return found


@pytest.mark.slow
async def test_every_role_gets_an_account_whose_password_is_argon2id(
    settings: Settings, database: Database
) -> None:
    made = await accounts.make_demo(database, settings)
    assert {one.role for one in made} == {"agent", "expert", "supervisor", "unit", "admin"}
    assert len({one.password for one in made}) == len(made)
    for one in made:
        kept = await database.read(_hash_of, one.login)
        assert extract_parameters(kept).type is Type.ID
        if one.login in ("agent", "admin"):
            assert PasswordHasher().verify(kept, one.password)


@pytest.mark.usefixtures("quick")
async def test_the_agents_have_skills_and_others_who_talk_a_telephone_alone(
    settings: Settings, database: Database
) -> None:
    await accounts.make_demo(database, settings)
    found = await database.read(seats.all_seats)
    assert [(seat.name, seat.skills) for seat in found] == [
        ("话务员甲", {"business": 1, "general": 1}),
        ("话务员乙", {"business": 2}),
        ("值班专家", {}),
        ("值班长", {}),
        ("市场监管局经办人", {}),
    ]


@pytest.mark.usefixtures("quick")
async def test_everybody_whom_a_ticket_meets_has_duties_or_a_unit(
    settings: Settings, database: Database
) -> None:
    await accounts.make_demo(database, settings)
    found = {one.login: one.wish for one in await database.read(people.listed)}
    assert {login: wish.duties for login, wish in found.items() if wish.duties} == {
        "dispatcher": {"dispatch", "office"},
        "approver": {"approve", "follow_up"},
        "head": {"sign"},
    }
    named = {one.id: one.name for one in await database.read(units.all_units)}
    assert {
        login: (named[wish.unit_id], wish.head)
        for login, wish in found.items()
        if wish.unit_id is not None
    } == {
        "unit": ("市场监管局", False),
        "unit_head": ("市场监管局", True),
        "unit2": ("人社局", False),
    }


@pytest.mark.usefixtures("quick")
async def test_the_demonstration_has_units_with_sealed_numbers_and_a_catalogue(
    settings: Settings, database: Database
) -> None:
    await accounts.make_demo(database, settings)
    found = {one.code: one for one in await database.read(units.all_units)}
    assert found["scjg"].duty_masked == "0775-***0202"
    kept = await database.read(units.duty_sealed, found["scjg"].id)
    assert sealer(settings).open(kept or "") == "07750000202"
    assert found["scjg-zf"].parent_id == found["scjg"].id

    async def asked(code: str, region: str) -> str | None:
        suggested = await database.read(catalogue.suggest, code, region)
        return suggested.unit_name if suggested else None

    assert await asked("arrears.works", "450921101") == "城关镇人民政府"
    assert await asked("arrears.works", "450902") == "住建局"
    assert await asked("policy_help.licence", "") == "行政审批局"
    for choice in settings.tickets.classes:
        assert await asked(choice.code, ""), choice.code
    law = await database.read(classes.legal, "arrears.goods")
    assert law
    assert (law.pass_on_days, law.handle_days, law.handle_most_days) == (10, 30, 90)


@pytest.mark.usefixtures("quick")
async def test_one_demo_expert_is_rung_at_her_seat_and_one_by_telephone(
    settings: Settings, database: Database
) -> None:
    await accounts.make_demo(database, settings)
    by_ring = {one.expert.ring: one.expert for one in await database.read(experts.listed)}
    at_seat = await database.read(experts.reach, by_ring["seat"].id)
    assert at_seat
    seat = await database.read(seats.get, at_seat.seat_id or 0)
    assert seat
    assert (seat.name, seat.account_id) == ("值班专家", by_ring["seat"].account_id)
    outside = await database.read(experts.reach, by_ring["number"].id)
    assert outside
    assert outside.number_masked == "0775-***0123"
    assert sealer(settings).open(outside.number_sealed or "") == accounts.DEMO_NUMBER


@pytest.mark.usefixtures("quick")
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
        (["add", "wang", "王", "admin", "--seat", "business"], "takes no calls"),
        (["add", "wang", "王", "unit", "--seat", "business"], "takes no calls"),
        (["password", "nobody"], "no account nobody"),
        (["add", "Wang", "王", "agent"], "small letters"),
        (["add", "wang", " ", "agent"], "name is empty"),
        (["add", "wang", "王", "unit"], "There is no unit yet"),
        (["add", "wang", "王", "agent", "--unit", "scjg", "--head"], "takes --head"),
        (["add", "wang", "王", "agent", "--duty", "nothing"], "there are: dispatch, office"),
        (["add", "wang", "王", "admin", "--duty", "office"], "not for admin"),
        (["add", "wang", "王", "agent", "--duty", "sign"], "Only a supervisor"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_and_nothing_is_made(
    settings: Settings, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["accounts", *words]) == 1
    assert said in capsys.readouterr().out
    assert main(["accounts", "list"]) == 0
    assert "wang" not in capsys.readouterr().out


async def test_by_hand_a_supervisor_gets_a_telephone_that_no_caller_is_offered_to(
    settings: Settings, database: Database
) -> None:
    words = ["accounts", "add", "li", "李班长", "supervisor", "--telephone"]
    assert await asyncio.to_thread(main, words) == 0
    assert [seat.skills for seat in await database.read(seats.all_seats)] == [{}]


@pytest.mark.usefixtures("settings")
def test_a_login_can_be_taken_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "add", "wang", "王", "agent"]) == 0
    assert main(["accounts", "add", "wang", "王", "agent"]) == 1
    assert "taken" in capsys.readouterr().out


@pytest.mark.usefixtures("quick")
async def test_by_hand_people_get_a_unit_or_duties_as_on_the_page(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await accounts.make_demo(database, settings)
    for words in (
        ["wang", "王", "unit", "--unit", "scjg", "--head", "--telephone"],
        ["li", "李", "agent", "--duty", "dispatch", "--duty", "office", "--seat", "business"],
        ["head2", "主任", "supervisor", "--duty", "sign"],
    ):
        assert await asyncio.to_thread(main, ["accounts", "add", *words]) == 0
    found = {one.login: one for one in await database.read(people.listed)}
    assert (found["wang"].unit_name, found["wang"].wish.head) == ("市场监管局", True)
    assert found["wang"].wish.skills == {}
    assert found["li"].wish.duties == {"dispatch", "office"}
    assert found["li"].wish.skills == {"business": 1}
    assert found["head2"].wish.duties == {"sign"}
    capsys.readouterr()


@pytest.mark.usefixtures("quick")
async def test_by_hand_a_unit_that_is_not_there_or_closed_is_told_with_those_that_are(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await accounts.make_demo(database, settings)
    await database.write(_close, "zfgjj")
    for unit, said in (
        (["--unit", "nowhere"], "no unit nowhere; there are: "),
        (["--unit", "zfgjj"], "The unit zfgjj is closed; there are: "),
        ([], "needs --unit CODE; there are: "),
    ):
        words = ["accounts", "add", "wang", "王", "unit", *unit]
        assert await asyncio.to_thread(main, words) == 1
        told = capsys.readouterr().out
        assert said in told
        assert "scjg" in told
    assert "wang" not in {one.login for one in await database.read(people.listed)}


def _close(conn: Connection, code: str) -> None:
    units.create(conn, None, code=code, name="公积金中心", region="")
    made = units.by_code(conn, code)
    assert made
    units.change(conn, None, made.id, made.version, open=False)
