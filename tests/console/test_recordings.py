"""The sound of a call: whole and in part, and who may hear it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from agent_console.api.recordings import in_vault
from db.models import recording, recording_access, ticket
from floor import legs
from recordings import catalogue
from tests.console.house import House, call_id, talk
from tests.console.recorded import file_recording
from tests.support.examples import examples

ON_BOTH = True


@pytest.fixture
async def sound(house: House, tmp_path: Path) -> bytes:
    """The agent's recording 1, filed."""
    agent = await house.signed_in("agent")
    ticket = await house.do(talk, agent.seat_id, agent.account_id)
    return await file_recording(house, ticket.call_id, tmp_path / "recordings")


def heard(conn: Connection) -> list[int]:
    return list(conn.execute(select(recording_access.c.account_id)).scalars())


async def test_given_a_filed_recording_then_it_is_played_whole(house: House, sound: bytes) -> None:
    agent = await house.signed_in("agent")
    answer = await agent.get("/recordings/1/audio")
    assert answer.status == 200
    assert answer.body == sound
    assert answer.headers["Content-Type"] == "audio/flac"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"
    shown = (await agent.get("/tickets/1")).json["recordings"][0]
    assert (shown["state"], shown["may_hear"], shown["size_bytes"]) == ("filed", True, len(sound))


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_given_any_range_then_exactly_that_piece_comes(
    house: House, sound: bytes, data: st.DataObject
) -> None:
    agent = await house.signed_in("agent")
    size = len(sound)
    kind = data.draw(st.sampled_from(["both", "from", "last"]))
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size + 10))
    if kind == "both":
        said, piece = f"{first}-{last}", sound[first : last + 1]
    elif kind == "from":
        said, piece = f"{first}-", sound[first:]
    else:
        count = data.draw(st.integers(1, size + 10))
        said, piece = f"-{count}", sound[-count:]
    answer = await agent.get("/recordings/1/audio", headers={"Range": f"bytes={said}"})
    assert answer.status == 206
    assert answer.body == piece
    begin = size - len(piece) if kind == "last" else first
    assert answer.headers["Content-Range"] == f"bytes {begin}-{begin + len(piece) - 1}/{size}"


@pytest.mark.parametrize("said", ["bytes={size}-", "bytes=9999999999-", "bytes=5-2", "bytes=x", ""])
async def test_given_a_range_that_is_not_there_then_416_is_a_problem(
    house: House, sound: bytes, said: str
) -> None:
    agent = await house.signed_in("agent")
    answer = await agent.get("/recordings/1/audio", headers={"Range": said.format(size=len(sound))})
    if not said:
        assert answer.status == 416
        return
    assert (answer.status, answer.problem) == (416, "range")
    assert answer.headers["Content-Range"] == f"bytes */{len(sound)}"


@pytest.mark.parametrize(
    ("login", "status"),
    [("agent", 200), ("agent2", 403), ("expert", 403), ("supervisor", 200), ("admin", 200),
     ("unit", 403)],
)  # fmt: skip
async def test_given_a_person_then_only_those_who_may_hear_it_do(
    house: House, sound: bytes, login: str, status: int
) -> None:
    browser = await house.signed_in(login)
    answer = await browser.get("/recordings/1/audio")
    assert answer.status == status
    if status != 200:
        assert answer.problem == "forbidden"
    expected = [browser.account_id] if status == 200 else []
    assert await house.database.read(heard) == expected


async def test_given_a_seat_that_was_rung_and_did_not_answer_then_its_person_may_not_hear(
    house: House, sound: bytes
) -> None:
    other = await house.signed_in("agent2")
    await house.do(legs.add, "leg-unanswered", call_id(1), "seat", other.seat_id)
    assert (await other.get("/recordings/1/audio")).status == 403
    await house.do(legs.answered, "leg-unanswered")
    assert (await other.get("/recordings/1/audio")).status == 200


async def test_given_a_ticket_handed_to_me_then_i_may_hear_its_recording(
    house: House, sound: bytes
) -> None:
    other = await house.signed_in("agent2")
    await house.do(
        lambda conn: conn.execute(update(ticket).values(account_id=other.account_id)).rowcount
    )
    assert (await other.get("/recordings/1/audio")).status == 200


async def test_given_a_right_taken_away_then_the_next_piece_is_refused(
    house: House, sound: bytes
) -> None:
    agent = await house.signed_in("agent")
    first = await agent.get("/recordings/1/audio", headers={"Range": "bytes=0-99"})
    assert first.status == 206
    await agent.ask("DELETE", "/session")
    later = await agent.get("/recordings/1/audio", headers={"Range": "bytes=100-199"})
    assert later.status == 401


async def test_given_many_pieces_then_one_hearing_is_kept(house: House, sound: bytes) -> None:
    head = await house.signed_in("supervisor")
    for first in range(0, 500, 100):
        await head.get("/recordings/1/audio", headers={"Range": f"bytes={first}-"})
    assert await house.database.read(heard) == [head.account_id]


async def test_given_a_recording_not_filed_then_409_or_404(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    running = await agent.get("/recordings/1/audio")
    assert (running.status, running.problem) == (409, "recording-running")
    await house.do(catalogue.fail, 1, "missing")
    failed = await agent.get("/recordings/1/audio")
    assert (failed.status, failed.problem) == (404, "not-found")
    shown = (await agent.get("/tickets/1")).json["recordings"][0]
    assert (shown["may_hear"], shown["problem"]) == (False, "未找到录音文件")
    assert (await agent.get("/recordings/77/audio")).status == 404


async def test_given_a_path_that_leaves_the_vault_then_404(
    house: House, sound: bytes, tmp_path: Path
) -> None:
    head = await house.signed_in("supervisor")
    outside = tmp_path / "outside.flac"
    outside.write_bytes(b"secret")
    for path in ("../outside.flac", str(outside), "2020/../../outside.flac", "gone.flac", ""):
        await house.do(
            lambda conn, path=path: conn.execute(update(recording).values(path=path)).rowcount
        )
        answer = await head.get("/recordings/1/audio")
        assert (answer.status, answer.problem) == (404, "not-found"), path


def test_given_a_link_out_of_the_vault_then_it_is_not_followed(tmp_path: Path) -> None:
    vault, secret = tmp_path / "vault", tmp_path / "secret"
    vault.mkdir()
    secret.write_text("x")
    (vault / "link").symlink_to(secret)
    (vault / "own").write_text("y")
    assert in_vault(vault, "link") is None
    assert in_vault(vault, "own") == vault / "own"


async def test_given_a_recording_in_trouble_then_the_card_says_so_in_words(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(catalogue.problem, call_id(1), "disk_full")
    card = (await agent.get("/calls/current")).json
    assert card["recording"] == {
        "id": 1, "state": "running", "paused": False, "problem": "录音存储空间不足",
    }  # fmt: skip
