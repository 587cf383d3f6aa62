"""Signing in and out, and what is refused."""

from __future__ import annotations

import pytest

from tests.console.house import PASSWORD, House


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


@pytest.mark.parametrize(("login", "password"), [("agent", "wrong"), ("nobody", PASSWORD)])
async def test_given_wrong_credentials_then_401_and_no_cookie(
    house: House, login: str, password: str
) -> None:
    answer = await house.browser().sign_in(login, password)
    assert (answer.status, answer.problem) == (401, "wrong-credentials")
    assert "Set-Cookie" not in answer.headers


async def test_given_sign_out_then_the_cookie_counts_no_more(house: House) -> None:
    agent = await house.signed_in("agent")
    assert (await agent.ask("DELETE", "/session")).status == 204
    assert (await agent.get("/session")).status == 401
