"""The units, classes and dispatch catalogue of a demonstration: a county that does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from agent_console.parts import KeptNumber
from config.model import Settings
from tickets import catalogue, classes, units

REGION = "450921"
"""Regions of the demonstration lie in it; the shipped settings name it too."""


@dataclass(frozen=True, slots=True)
class _Unit:
    code: str
    name: str
    above: str | None = None
    region: str = ""


_UNITS = (
    _Unit("gov", "示例县人民政府"),
    _Unit("scjg", "市场监管局", "gov"),
    _Unit("rsj", "人社局", "gov"),
    _Unit("swj", "税务局", "gov"),
    _Unit("zjj", "住建局", "gov"),
    _Unit("spj", "行政审批局", "gov"),
    _Unit("gxj", "工信局", "gov"),
    _Unit("scjg-zf", "市场监管综合行政执法大队", "scjg"),
    _Unit("chengguan", "城关镇人民政府", "gov", f"{REGION}101"),
    _Unit("heping", "和平镇人民政府", "gov", f"{REGION}102"),
)
_CLASSES = (
    # code, the one above, label
    ("policy_help.licence", "policy_help", "证照办理"),
    ("policy_help.tax", "policy_help", "税费政策"),
    ("policy_help.work", "policy_help", "用工社保"),
    ("service_quality.window", "service_quality", "窗口服务态度"),
    ("service_quality.delay", "service_quality", "超期办理"),
    ("hidden_barrier.fee", "hidden_barrier", "擅自收费"),
    ("policy_not_carried_out.subsidy", "policy_not_carried_out", "奖补资金未兑现"),
    ("inspection_penalty.repeated", "inspection_penalty", "多头重复检查"),
    ("arrears.works", "arrears", "拖欠工程款"),
    ("arrears.goods", "arrears", "拖欠货款和服务款"),
)
_CATALOGUE = (
    # class, region, lead, assisting
    ("policy_help", "", "spj", ()),
    ("policy_help.licence", "", "spj", ("scjg",)),
    ("policy_help.tax", "", "swj", ()),
    ("policy_help.work", "", "rsj", ()),
    ("service_quality", "", "spj", ()),
    ("hidden_barrier", "", "scjg", ("spj",)),
    ("policy_not_carried_out", "", "gxj", ()),
    ("inspection_penalty", "", "scjg", ("scjg-zf",)),
    ("arrears", "", "gxj", ()),
    ("arrears.works", "", "zjj", ("gxj",)),
    ("arrears.works", f"{REGION}101", "chengguan", ("zjj",)),
    ("arrears.works", f"{REGION}102", "heping", ("zjj",)),
    ("other", "", "spj", ()),
)


def furnish(
    conn: Connection, settings: Settings, duty: dict[str, KeptNumber | None]
) -> dict[str, int]:
    """Make units, classes below those of the settings, and the catalogue; the units' ids by code.

    Args:
        duty: made-up duty numbers by the unit's code, sealed.
    """
    classes.seed(conn, settings.tickets.classes)
    ids: dict[str, int] = {}
    for one in _UNITS:
        kept = duty.get(one.code)
        number = {"duty_sealed": kept.sealed, "duty_masked": kept.masked} if kept else {}
        ids[one.code] = units.create(
            conn, None, code=one.code, name=one.name, region=one.region,
            parent_id=ids[one.above] if one.above else None, duty_name="值班室", **number,
        ).id  # fmt: skip
    known = classes.all_labels(conn)
    for code, above, label in _CLASSES:
        if above in known:
            classes.create(conn, None, code=code, parent=above, label=label)
    known = classes.all_labels(conn)
    for code, region, lead, helping in _CATALOGUE:
        if code in known:
            catalogue.put(conn, None, code, region, ids[lead], [ids[one] for one in helping])
    return ids


def duty_numbers() -> dict[str, str]:
    """Made-up numbers of the duty offices, as typed."""
    return {one.code: f"0775000{n:04d}" for n, one in enumerate(_UNITS, 201)}
