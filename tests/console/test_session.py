"""Signing in and out, the life of a session, and the slow-down after failures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, func, select, update

from agent_console import accounts, auth, slowdown
from agent_console.passwords import Passwords, hash_password
from config.model import Settings
from db import Database
from db.models import account, login_throttle, session
from floor import seats
from tests.console.clock import Clock
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.house import HASHER, PASSWORD, House, serve

ON_BOTH = True


def stored(conn: Connection, column: object) -> list[str]:
    return [str(value) for value in conn.execute(select(column)).scalars()]  # type: ignore[call-overload]


async def test_given_the_right_password_when_signing_in_then_the_session_is_told(
    house: House,
) -> None:
    agent = house.browser()
    answer = await agent.sign_in("agent")
    assert answer.status == 200
    assert answer.json["account"]["role"] == "agent"
    assert answer.json["seat"]["state"] == "offline"
    assert answer.json["demo"] is True
    assert (await agent.get("/session")).json == answer.json
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("hotline_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie, "this console speaks plain HTTP"


async def test_given_a_session_then_the_database_holds_only_the_hash_of_its_token(
    house: House,
) -> None:
    answer = await house.browser().sign_in("agent")
    token = answer.headers["Set-Cookie"].split(";")[0].removeprefix("hotline_session=")
    assert len(token) >= 43, "256 bits"
    assert await house.do(stored, session.c.token_hash) == [auth.token_hash(token)]
    assert token not in await house.do(stored, session.c.csrf)


@pytest.mark.parametrize(("login", "password"), [("agent", "wrong"), ("nobody", PASSWORD)])
async def test_given_wrong_credentials_then_401_and_no_cookie(
    house: House, login: str, password: str
) -> None:
    answer = await house.browser().sign_in(login, password)
    assert (answer.status, answer.problem) == (401, "wrong-credentials")
    assert "Set-Cookie" not in answer.headers


async def test_given_an_unknown_login_then_a_password_is_checked_all_the_same() -> None:
    passwords = Passwords(HASHER)
    with patch.object(PasswordHasher, "verify", side_effect=HASHER.verify) as verify:
        assert await passwords.check(None, PASSWORD) == (False, None)
        assert await passwords.check(HASHER.hash("x"), PASSWORD) == (False, None)
    assert verify.call_count == 2
    passwords.close()


async def test_given_a_hash_that_is_none_then_nobody_gets_in() -> None:
    passwords = Passwords(HASHER)
    assert await passwords.check("not a hash", PASSWORD) == (False, None)
    passwords.close()


async def test_given_older_parameters_when_signing_in_then_the_hash_is_made_anew(
    house: House,
) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    await house.do(accounts.set_password, "agent", older)
    assert (await house.browser().sign_in("agent")).status == 200
    known = await house.database.read(auth.credentials, "agent")
    assert known
    assert known.password_hash != older
    assert not HASHER.check_needs_rehash(known.password_hash)
    assert (await house.browser().sign_in("agent")).status == 200


def test_given_the_shipped_parameters_then_they_are_argon2id() -> None:
    assert hash_password(PASSWORD).startswith("$argon2id$")


async def test_given_sign_out_then_the_cookie_counts_no_more(house: House) -> None:
    agent = await house.signed_in("agent")
    kept = agent.cookie("hotline_session")
    assert (await agent.ask("DELETE", "/session")).status == 204
    again = await house.browser().get("/session", headers={"Cookie": f"hotline_session={kept}"})
    assert (again.status, again.problem) == (401, "signed-out")


async def test_given_sign_out_then_the_seat_is_offline_and_its_phone_is_gone(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    await agent.post("/seat/phone")
    await house.do(seats.set_phone, agent.seat_id, True)
    assert (await agent.post("/seat/available", {"microphone": True})).status == 200
    assert len(asterisk.pushed) == 3
    assert (await agent.ask("DELETE", "/session")).status == 204
    assert asterisk.pushed == {}
    seat = await house.database.read(seats.get, agent.seat_id)
    assert seat
    assert seat.state == "offline"


async def test_given_a_second_sign_in_elsewhere_when_one_signs_out_then_the_phone_stays(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    await agent.post("/seat/phone")
    other = house.browser()
    await other.sign_in("agent")
    assert (await other.ask("DELETE", "/session")).status == 204
    assert len(asterisk.pushed) == 3
    assert (await agent.get("/session")).status == 200


async def test_given_asterisk_away_then_signing_out_still_works(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    asterisk.away = True
    assert (await agent.ask("DELETE", "/session")).status == 204
    assert (await agent.get("/session")).status == 401


async def test_given_a_new_sign_in_over_an_old_one_then_the_old_session_ends(house: House) -> None:
    agent = await house.signed_in("agent")
    assert (await agent.sign_in("supervisor")).status == 200
    assert len(await house.do(stored, session.c.token_hash)) == 1
    assert (await agent.get("/session")).json["account"]["login"] == "supervisor"


async def test_given_no_use_for_an_hour_then_the_session_is_over(
    house: House, clock: Clock
) -> None:
    agent = await house.signed_in("agent")
    clock.pass_s(3500)
    assert (await agent.get("/session")).status == 200, "used in time"
    clock.pass_s(3500)
    assert (await agent.get("/session")).status == 200, "the use before counted"
    clock.pass_s(3700)
    assert (await agent.get("/session")).status == 401


async def test_given_its_full_time_then_the_session_is_over_however_much_used(
    house: House, clock: Clock
) -> None:
    agent = await house.signed_in("agent")
    for _ in range(24):
        assert (await agent.get("/session")).status == 200
        clock.pass_s(1800)
    assert (await agent.get("/session")).status == 401


async def test_given_old_sessions_then_they_are_forgotten(house: House, clock: Clock) -> None:
    await house.signed_in("agent")
    await house.do(auth.prune, clock())
    assert len(await house.do(stored, session.c.token_hash)) == 1
    clock.pass_s(3700)
    await house.do(auth.prune, clock())
    assert await house.do(stored, session.c.token_hash) == []


async def test_given_a_disabled_account_then_its_session_ends_and_no_other_begins(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    await house.do(
        lambda conn: (
            conn.execute(
                update(account).where(account.c.login == "agent").values(disabled=True)
            ).rowcount
        )
    )
    assert (await agent.get("/session")).status == 401
    assert (await house.browser().sign_in("agent")).status == 401


async def test_given_a_new_password_then_sessions_end_and_the_old_one_is_refused(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    assert await house.do(accounts.set_password, "agent", HASHER.hash("another-one"))
    assert not await house.do(accounts.set_password, "nobody", "x")
    assert (await agent.get("/session")).status == 401
    assert (await house.browser().sign_in("agent")).status == 401
    assert (await house.browser().sign_in("agent", "another-one")).status == 200


async def test_given_failures_then_the_wait_grows_and_holds_for_the_right_password_too(
    house: House, clock: Clock
) -> None:
    waits = []
    for _ in range(12):
        answer = await house.browser().sign_in("agent", "wrong")
        if answer.status == 429:
            assert answer.problem == "slow-down"
            held = await house.browser().sign_in("agent")
            assert held.status == 429
            waits.append(int(answer.headers["Retry-After"]))
            clock.pass_s(waits[-1])
            assert (await house.browser().sign_in("agent", "wrong")).status == 401
    assert waits == [1, 2, 4, 8, 16, 32][: len(waits)]
    assert len(waits) >= 4
    clock.pass_s(200)
    assert (await house.browser().sign_in("agent")).status == 200
    assert (await house.browser().sign_in("agent", "wrong")).status == 401, "it starts afresh"


async def test_given_one_login_slowed_down_then_others_may_sign_in(house: House) -> None:
    for _ in range(6):
        await house.browser().sign_in("agent", "wrong")
    assert (await house.browser().sign_in("agent")).status == 429
    assert (await house.browser().sign_in("agent2")).status == 200


async def test_given_many_logins_tried_from_one_address_then_the_address_waits(
    house: House,
) -> None:
    for n in range(slowdown.ADDRESS.free + 1):
        assert (await house.browser().sign_in(f"guess-{n}", "wrong")).status == 401
    assert (await house.browser().sign_in("agent")).status == 429


async def test_given_failures_then_neither_login_nor_address_is_kept_readable(
    house: House,
) -> None:
    await house.browser().sign_in("typed-my-password-here", "wrong")
    kept = " ".join(await house.do(stored, login_throttle.c.key))
    assert "typed" not in kept
    assert "127.0.0.1" not in kept


def test_given_many_attempts_at_once_then_each_counts_before_it_is_checked() -> None:
    assert slowdown.LOGIN.wait_ms(slowdown.LOGIN.free) == 0
    assert slowdown.LOGIN.wait_ms(slowdown.LOGIN.free + 1) == 1000
    assert slowdown.LOGIN.wait_ms(10_000) == slowdown.LOGIN.longest_ms
    waits = [slowdown.ADDRESS.wait_ms(n) for n in range(60)]
    assert waits == sorted(waits)


async def test_given_attempts_at_once_then_no_more_than_the_free_ones_are_checked(
    house: House, clock: Clock
) -> None:
    keys = slowdown.keys_of("agent", "203.0.113.7")
    begun = [await house.do(slowdown.begin, keys, clock()) for _ in range(20)]
    assert begun.count(0) == slowdown.LOGIN.free + 1


async def test_given_a_quiet_hour_then_failures_are_forgotten(house: House, clock: Clock) -> None:
    for _ in range(7):
        await house.browser().sign_in("agent", "wrong")
    clock.pass_s(3601)
    for _ in range(5):
        assert (await house.browser().sign_in("agent", "wrong")).status == 401
    clock.pass_s(3601)
    await house.do(slowdown.prune, clock())
    count = await house.database.read(
        lambda conn: conn.execute(select(func.count()).select_from(login_throttle)).scalar_one()
    )
    assert count == 0


async def test_given_no_demo_then_the_session_says_so_and_no_test_phone_is_made(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    plain = replace(settings, console=replace(settings.console, demo=False))
    async with serve(plain, database, dist, clock) as house:
        assert (await house.browser().sign_in("agent")).json["demo"] is False
        answer = await house.browser().post("/demo/phone")
        assert (answer.status, answer.problem) == (404, "not-found")
