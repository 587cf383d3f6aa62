"""Words of tickets: what is found again, and that no contact data is among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from db import Database
from db.models import ticket_words
from tests.tickets.furnishing import NOW, stored
from tickets import words

TEXT = "市民反映玉州区民主路123号小区门口的路灯不亮已经三天，广西玉柴机器股份有限公司拖欠工资3万元"


def kept_of(conn: Connection, ticket_id: int) -> list[str]:
    found = select(ticket_words.c.words).where(ticket_words.c.ticket_id == ticket_id)
    return list(conn.execute(found).scalars())


@pytest.mark.parametrize(
    "typed",
    ["路灯", "路灯不亮", "玉柴", "柴", "玉州区", "市民", "123", "拖欠工资", "１２３", "公司"],
)
def test_what_is_written_in_it_finds_it(typed: str) -> None:
    asked = words.asked(typed)
    assert asked
    assert set(asked) <= words.of_texts(TEXT)


@pytest.mark.parametrize("typed", ["桥梁", "玉城", "124", "亮灯的桥"])
def test_what_is_not_written_in_it_does_not(typed: str) -> None:
    assert not set(words.asked(typed)) <= words.of_texts(TEXT)


HAN = st.text(
    st.sampled_from("市民反映玉州区路灯不亮拖欠工资公司桥𠮷的一二小区水电"), min_size=1, max_size=30
)


@given(HAN, HAN, HAN)
def test_any_piece_of_a_text_finds_it(before: str, piece: str, after: str) -> None:
    assert set(words.asked(piece)) <= words.of_texts(before + piece + after)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_whole_text_finds_itself_and_words_are_plain(text: str, company: str) -> None:
    found = words.of_texts(text, company)
    assert set(words.asked(text)) <= found
    assert all(word.isalnum() for word in found)


PRIVATE = [
    "13800001234",
    "138 0000 1234",
    "138-0000-1234",
    "1 3 8 0 0 0 0 1 2 3 4",
    "１３８００００１２３４",
    "138\u200b0000\u200b1234",
    "+8613800001234",
    "(0775)0001234",
    "0775—0001234",
    "450900199001010012",
    "45090019900101001X",
    "6222020000001234567",
    "一三八零零零零一二三四",
    "幺三八〇〇〇〇幺二三四",
    "zhang.san@example.com",
    "微信号：zhangsan_88",
    "QQ 100001",
    "١٣٨٠٠٠٠١٢٣٤",
]


@pytest.mark.parametrize("private", PRIVATE)
@pytest.mark.parametrize("around", ["{}", "电话{}，请回电", "a{}b", "联系 {} 李某"])
def test_contact_data_is_no_word(private: str, around: str) -> None:
    text = around.format(private)
    found = words.of_texts(text)
    for word in found:
        assert sum(c.isdigit() for c in word) < 7
        assert word.isascii() is False or len(word) < 4, word
    assert not found & {
        "1234",
        "0000",
        "zhang",
        "san",
        "example",
        "zhangsan",
        "88",
        "100001",
        "138",
    }


@given(st.text(max_size=20), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=20))
def test_a_planted_number_leaves_no_piece(before: str, number: str, after: str) -> None:
    for word in words.of_texts(f"{before}{number}{after}"):
        assert word not in number or len(word) < 4


def test_numbers_of_streets_and_amounts_stay() -> None:
    assert {"502", "3500", "2026"} <= words.of_texts("5 栋 502 室，欠 3500 元，自2026年起")


def test_nothing_to_look_for() -> None:
    assert words.asked("，。 ") == ()
    assert words.asked("13800001234") == ()


async def test_words_are_kept_and_written_anew(database: Database) -> None:
    made = await database.write(stored, text="路灯不亮", company="玉柴", created_ms=NOW)
    (kept,) = await database.read(kept_of, made)
    week = NOW // (7 * 24 * 3600 * 1000)
    assert kept.split(" ")[:2] == [f"周{week}", f"季{week // 13}"]
    assert words.read(kept) == words.of_texts("路灯不亮", "玉柴")

    def change(conn: Connection) -> list[str]:
        conn.exec_driver_sql("UPDATE ticket SET text = '水管漏水'")
        words.index(conn, made)
        words.index(conn, made + 1)
        return [*kept_of(conn, made), *kept_of(conn, made + 1)]

    (again,) = await database.write(change)
    assert words.read(again) == words.of_texts("水管漏水", "玉柴")
