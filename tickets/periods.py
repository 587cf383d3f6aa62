"""The periods of this place: the settings' figures, and over them what an administrator set."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from config.clocks import PERIOD_BOUNDS
from config.model import Settings
from db.clock import now_ms
from db.models import account, period
from db.prepared import Prepared
from tickets.kept import Missing, Mistake, Mistaken, keep

WORKING_DAYS, DAYS, TIMES, SWITCH = "个工作日", "天", "次", "开关"


@dataclass(frozen=True, slots=True)
class Said:
    """What a period is called, what it counts, and the clause that asks for it."""

    label: str
    unit: str
    basis: str


Y = "玉政信办发〔2023〕2号"
Q = "庆政办发〔2023〕48号"
LOCAL = "本地规定"
SAID: dict[str, Said] = {
    "dispatch_days": Said("派单时限", WORKING_DAYS, f"{Q}一：及时分流，按责转办"),
    "review_days": Said("联席研判时限", WORKING_DAYS, f"{Y}二(四)：联席研判，明确主协办部门"),
    "accept_days": Said("签收时限", WORKING_DAYS, f"{Q}二(二)1：1 个工作日内签收"),
    "return_days": Said("退单申请时限", WORKING_DAYS, f"{LOCAL}：应在签收期限内提出"),
    "reply_days": Said(
        "咨询求助答复时限", WORKING_DAYS, f"{Q}二(二)1：1 个工作日内答复反馈给来电人"
    ),
    "simple_days": Said("简单事项办结时限", WORKING_DAYS, f"{Q}二(二)1：2 个工作日内办结"),
    "ordinary_days": Said("一般事项办结时限", WORKING_DAYS, f"{Q}二(二)1：5 个工作日内办结"),
    "difficult_days": Said("疑难事项办结时限", WORKING_DAYS, f"{Q}二(二)1：可申请适当延长"),
    "extension_most_days": Said(
        "延期最长时限", WORKING_DAYS, f"{Q}二(二)1：适当延长，并说明理由和依据"
    ),
    "approve_days": Said("答复审核时限", WORKING_DAYS, f"{Y}二(四)：答复认定"),
    "follow_up_days": Said("回访时限", WORKING_DAYS, f"{Y}二(五)：及时回访；{Q}二(二)4：应评尽评"),
    "supervise_days": Said("督办研判时限", WORKING_DAYS, f"{Y}二(五)：督办；{Q}二(二)3：协调督查"),
    "rectify_days": Said("整改时限", WORKING_DAYS, f"{Y}二(五)：整改函；{Q}二(二)4：整改清单"),
    "follow_up_tries": Said("回访最多次数", TIMES, f"{LOCAL}：多次未接通的，按未评价处理"),
    "archive_days": Said("办结后归档时限", DAYS, LOCAL),
    "repeat_days": Said("重复诉求认定期", DAYS, f"{LOCAL}：用于统计一次性化解率"),
    "suspension": Said("挂起（暂停计时）", SWITCH, f"{LOCAL}：默认不启用"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A period as it stands; `at_ms` and `by` are None while the settings' figure holds."""

    name: str
    value: int
    default: int
    low: int
    high: int
    at_ms: int | None
    by: str | None


_all = Prepared(select(period.c.name, period.c.value), [period.c.name, period.c.value])


def current(conn: Connection, settings: Settings) -> dict[str, int]:
    """Each period by its name."""
    own = {name: value for name, value in _all.rows(conn, {}) if name in PERIOD_BOUNDS}
    return settings.clocks.periods | own


def read(conn: Connection, settings: Settings) -> list[Period]:
    """All periods, in the order of a ticket's life."""
    rows = conn.execute(
        select(
            period.c.name, period.c.value, period.c.at_ms, account.c.name.label("by")
        ).outerjoin_from(period, account, account.c.id == period.c.account_id)
    )
    own = {row.name: row for row in rows}
    found = []
    for name, (low, high) in PERIOD_BOUNDS.items():
        default = settings.clocks.periods[name]
        row = own.get(name)
        found.append(
            Period(
                name=name,
                value=row.value if row else default,
                default=default,
                low=low,
                high=high,
                at_ms=row.at_ms if row else None,
                by=row.by if row else None,
            )
        )
    return found


def put(conn: Connection, settings: Settings, by: int, name: str, value: int | None) -> Period:
    """Set a period, or with None go back to the settings' figure.

    Terms that are running keep theirs: it holds for those that begin from now on.

    Raises:
        Missing: no period has this name.
        Mistaken: the value lies beyond its bounds.
    """
    if name not in PERIOD_BOUNDS:
        raise Missing
    low, high = PERIOD_BOUNDS[name]
    if value is not None and not low <= value <= high:
        raise Mistaken(Mistake("value", f"应为 {low} 到 {high} 之间的整数"))
    before = current(conn, settings)[name]
    _keep(conn, name, value, by)
    now = next(one for one in read(conn, settings) if one.name == name)
    detail = {"before": before, "after": now.value}
    keep(conn, by, "period", name, "set", detail, {"name": name, "value": now.value})
    return now


def _keep(conn: Connection, name: str, value: int | None, by: int) -> None:
    if value is None:
        conn.execute(delete(period).where(period.c.name == name))
        return
    row = {"value": value, "account_id": by, "at_ms": now_ms()}
    if not conn.execute(update(period).where(period.c.name == name).values(row)).rowcount:
        conn.execute(insert(period), {"name": name, **row})
