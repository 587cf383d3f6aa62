"""A reporter's own number and name are found however they are written, and nothing else is."""

from __future__ import annotations

import pytest

from tickets import unnamed
from tickets.unnamed import LEFT_OUT, Reporter

NUMBER = "13800007531"
LANDLINE = "07750001234"
NAME = "司徒埋名"


@pytest.mark.parametrize(
    "written",
    [
        NUMBER, "138 0000 7531", "138-0000-7531", "１３８００００７５３１", "+86 138 0000 7531",
        "8613800007531", "013800007531", "一三八零零零零七五三一", "幺三八〇〇〇〇七五三幺", "138.0000.7531", "138\u200b0000\u200b7531",
        "1 3 8 0 0 0 0 7 5 3 1", "138（0000）7531", "138，0000，7531",
    ],
)  # fmt: skip
def test_his_number_is_found_however_it_is_written(written: str) -> None:
    for known in (Reporter((NUMBER,)), Reporter(("+86 138-0000-7531",)), Reporter(masks=("138****7531",))):  # fmt: skip
        found = unnamed.without(known, f"请打{written}联系")
        assert found == unnamed.Clean(f"请打{LEFT_OUT}联系", ("电话号码",)), known


@pytest.mark.parametrize("written", [LANDLINE, "0775-0001234", "0001234", "+86 775 0001234"])
def test_a_landline_is_found_with_and_without_its_area(written: str) -> None:
    assert unnamed.without(Reporter((LANDLINE,)), f"电话{written}。").text == f"电话{LEFT_OUT}。"


@pytest.mark.parametrize(
    "text",
    [
        "转 12345、拨打 110，工单 20261122-00017",
        "公司电话 0775-0009999、13800000000，信用代码 91450900MA5N00000X",
        "欠款 1380000.75 元，31 笔",
        "2026-11-22 至 2026-12-31，共 1380 份",
        "商行联系人司徒先生，司机埋名",
    ],
)
def test_other_figures_and_names_stay(text: str) -> None:
    known = Reporter((NUMBER, LANDLINE), ("138****7531", "0775-***1234"), NAME)
    assert unnamed.without(known, text) == unnamed.Clean(text, ())


def test_a_short_number_is_nobodys_and_a_poor_mask_fits_too_much() -> None:
    known = Reporter(("12345", "95588"), ("*****34", "未显示号码", "12345"))
    text = "请拨 12345 或 95588，编号 0001234"
    assert unnamed.without(known, text).text == text


def test_a_mask_knows_no_more_than_it_shows() -> None:
    """A guess is answered alike, right or wrong: nobody learns the number by trying."""
    known = Reporter(masks=("138****7531",))
    for guess in ("13800007531", "13812347531", "13899997531"):
        assert unnamed.without(known, guess).text == LEFT_OUT
    assert unnamed.without(known, "13800007532").labels == ()
    assert unnamed.without(known, "9138000075310").labels == ()


@pytest.mark.parametrize(
    ("kept", "text", "left"),
    [
        (NAME, "反映人司徒埋名称", "反映人司**称"),
        (NAME, "司徒 埋名来电", "司**来电"),
        ("司 徒 埋 名", "司徒埋名", "司**"),
        ("王芳女士", "王芳反映，王芳女士要求", "王**反映，王**女士要求"),
        ("王芳 经理", "王芳说经理不在", "王**说经理不在"),
        ("王先生", "王先生来电", None),
        ("李某某", "李某某来电", None),
        ("匿名", "匿名来电", None),
        ("企业", "企业来电", None),
        ("Li Wei", "LI WEI called", "L** called"),
        ("Li Wei", "liwei", "L**"),
        ("Ann", "planning", None),
    ],
)  # fmt: skip
def test_his_name_is_found_and_no_title_or_stand_in(kept: str, text: str, left: str | None) -> None:
    found = unnamed.without(Reporter(name=kept), text)
    assert found.text == (left or text)
    assert found.labels == (("姓名",) if left else ())


def test_a_company_called_after_him_keeps_its_name() -> None:
    known = Reporter(name="王芳", company="王芳餐饮店")
    found = unnamed.without(known, "王芳餐饮店门口施工，老板王芳来电")
    assert found.text == "王芳餐饮店门口施工，老板王**来电"


def test_what_is_left_is_clean_and_the_sentence_repeats_nothing() -> None:
    known = Reporter((NUMBER,), name=NAME)
    found = unnamed.without(known, f"{NAME}{NUMBER}{NUMBER}{NAME}")
    assert unnamed.without(known, found.text).labels == ()
    said = unnamed.sentence(found)
    assert "电话号码和姓名" in said
    assert NUMBER not in said
    assert NAME not in said
