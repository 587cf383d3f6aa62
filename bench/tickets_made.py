"""A seeded maker of tickets with their histories: the same seed makes the same million.

Streets, companies and matters follow a steep law (a few are frequent, most are rare), as words of
a real hotline do; a tenth of all tickets, nearly all of them the newest, is open. Numbers and
names are made up.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tickets import words

DAY_MS = 24 * 3600 * 1000
HOUR_MS = 3600 * 1000
YEARS = 3
OPEN_SHARE = 0.1
UNITS = 60
ACCOUNTS = 50
TYPES = (("consult", 30), ("help", 30), ("complaint", 30), ("report", 8), ("suggestion", 2))
CLASSES = (
    ("policy_help", 35), ("service_quality", 25), ("hidden_barrier", 5),
    ("policy_not_carried_out", 8), ("inspection_penalty", 6), ("arrears", 6), ("other", 15),
)  # fmt: skip
OPEN_STATES = (
    ("to_dispatch", 5), ("in_review", 1), ("to_accept", 10), ("in_progress", 60),
    ("to_approve", 8), ("to_follow_up", 12), ("supervision_review", 1), ("rectifying", 1),
    ("draft", 2),
)  # fmt: skip
ENDED_STATES = (("closed", 96), ("rejected", 2), ("merged", 1), ("terminated", 1))
DIFFICULTIES = (("simple", 30), ("ordinary", 60), ("difficult", 10))
STARS = ((5, 45), (4, 25), (3, 12), (2, 5), (1, 3), (None, 10))

TICKET = (
    "id", "number", "source", "state", "version", "account_id", "caller_hash", "caller_masked",
    "type", "content_class", "company", "text", "disposition", "complete", "created_ms",
    "updated_ms", "state_ms", "region", "credit_code", "unit_id", "difficulty", "round", "returned",
    "repeats", "stars", "contacted_ms", "closed_ms", "due_ms", "due_kind", "reply_internal",
    "reply_public",
)  # fmt: skip
EVENT = (
    "ticket_id", "at_ms", "kind", "account_id", "detail", "move", "from_state", "to_state", "why",
)  # fmt: skip
TERM = (
    "ticket_id", "kind", "round", "unit_id", "from_ms", "days", "natural", "due_ms",
    "first_due_ms", "provisional", "ended_ms", "met",
)  # fmt: skip
RATING = (
    "ticket_id", "round", "rectified", "unit_id", "stars", "how", "text", "account_id", "at_ms",
)  # fmt: skip
ASSIST = ("ticket_id", "unit_id", "asked_ms", "done_ms", "text")
WORDS = ("ticket_id", "words")

# Kind of term, from which move to which: the way of a ticket, with the hours each step takes.
WAY = (
    ("submit", "draft", "to_dispatch", 0.1),
    ("dispatch", "to_dispatch", "to_accept", 4),
    ("accept", "to_accept", "in_progress", 10),
    ("reply", "in_progress", "to_approve", 60),
    ("approve", "to_approve", "to_follow_up", 8),
    ("settle", "to_follow_up", "closed", 20),
)
TERM_OF = {"to_dispatch": ("dispatch", 1), "to_accept": ("accept", 1), "in_progress": ("done", 5),
           "to_approve": ("approve", 1), "to_follow_up": ("follow_up", 2),
           "supervision_review": ("supervise", 3), "rectifying": ("rectify", 5)}  # fmt: skip

_SURNAMES = "玉民幸福光明新建兴和平安泰龙凤金银江南北城东西石桥水田园林山"
_STREET_ENDS = ("路", "大道", "街", "巷")
_PLACE_ENDS = ("小区", "花园", "新村", "广场", "市场", "工业园")
_TRADES = ("贸易", "建材", "餐饮", "物流", "机械", "电子", "食品", "服装", "装饰", "科技")
_MATTERS = (
    ("路灯不亮", "夜间行人不便"), ("自来水浑浊", "居民无法饮用"), ("井盖破损", "存在安全隐患"),
    ("夜间施工噪音扰民", "居民无法休息"), ("拖欠工程款", "多次催要未果"), ("拖欠工资", "工人生活困难"),
    ("营业执照办理时间过长", "影响开业"), ("窗口工作人员态度差", "推诿不办"), ("乱收费", "要求退还"),
    ("油烟直排", "气味刺鼻"), ("占道经营", "造成交通拥堵"), ("垃圾无人清运", "臭味严重"),
    ("公交班次太少", "等候时间过长"), ("停车位被占用", "物业不处理"), ("电梯故障", "老人出行困难"),
    ("惠企补贴未到账", "咨询办理进度"), ("检查次数过多", "影响正常经营"), ("处罚结果未公开", "要求说明"),
    ("树木遮挡信号灯", "容易发生事故"), ("化粪池堵塞", "污水外溢"), ("燃气价格咨询", "想了解收费标准"),
    ("社保转移手续咨询", "不清楚所需材料"), ("招投标设置门槛", "不公平竞争"), ("道路积水", "车辆无法通行"),
)  # fmt: skip
_MANNERS = (
    "来电人表示多次反映未解决", "请相关部门尽快核实处理", "希望尽快给予答复", "要求依法处理并回复",
    "已向社区反映无果", "来电人情绪较激动", "来电人提供了照片", "要求现场查看", "希望协调解决",
)  # fmt: skip
_RARE = "郑韦庞梁覃黎莫卢蒋苏潘廖邓谭秦阮凌闭农蓝岑班玛蒙甘温宁钟邹邱熊薛雷汤尹武康贺施严"


class Made(NamedTuple):
    """A ticket's rows, by table."""

    ticket: tuple[Any, ...]
    events: list[tuple[Any, ...]]
    terms: list[tuple[Any, ...]]
    ratings: list[tuple[Any, ...]]
    assists: list[tuple[Any, ...]]
    words: tuple[int, str]


class Maker:
    """Makes `count` tickets that end at `now_ms`."""

    def __init__(self, seed: int, count: int, now_ms: int) -> None:
        self._random = random.Random(seed)
        self._count = count
        self._now_ms = now_ms
        self._streets = self._names(200, _STREET_ENDS)
        self._places = self._names(400, _PLACE_ENDS)
        self._day = ""
        self._of_day = itertools.count(1)

    def tickets(self) -> Iterator[Made]:
        """In the order of their making, ids from 1."""
        began = self._now_ms - YEARS * 365 * DAY_MS
        step = (self._now_ms - began) / self._count
        for n in range(self._count):
            yield self._one(n + 1, int(began + step * n))

    def words(self) -> list[str]:
        """Words that are in about half, many, some and few of the tickets; and in none."""
        return ["来电人", "工资", "路灯", self._streets[0], self._streets[150], "恐龙化石"]

    def _names(self, count: int, ends: tuple[str, ...]) -> list[str]:
        r = self._random
        return ["".join(r.sample(_SURNAMES, 2)) + r.choice(ends) for _ in range(count)]

    def _one(self, id_: int, created: int) -> Made:
        r = self._random
        state = self._state(id_)
        text, company = self._text(), self._company()
        unit = 1 + self._rank(UNITS) if state not in ("draft", "to_dispatch", "in_review") else None
        events, terms, at, reached = self._history(id_, created, state, unit)
        is_open = state in TERM_OF
        due = terms[-1][7] if is_open else None
        ratings = self._ratings(id_, unit, at) if state in ("closed", "archived") and unit else []
        difficulty = _pick(r, DIFFICULTIES) if unit else None
        caller = self._rank(300_000, 0.7)
        of_unit = "to_approve" in reached
        ticket = (
            id_, self._number(created), "call", state, len(events), 1 + r.randrange(ACCOUNTS),
            f"{caller:064x}", "138****0000", _pick(r, TYPES), _pick(r, CLASSES), company, text,
            "passed_on", state != "draft", created, at, at, "450902", None, unit, difficulty,
            1 if unit else 0, int(r.random() < 0.05), int(r.random() < 0.03) * r.randrange(1, 6),
            ratings[0][4] if ratings else None, at if unit else None,
            None if is_open or state == "draft" else at, due, terms[-1][1] if is_open else None,
            "已现场核实" if of_unit else None, f"您好，您反映的{text[:12]}已处理" if of_unit else None,
        )  # fmt: skip
        assists: list[tuple[Any, ...]] = []
        if unit and r.random() < 0.1:
            other = unit % UNITS + 1
            assists.append((id_, other, created, None if is_open else at, "已配合"))
        kept = words.kept(words.of_texts(text, company), created)
        return Made(ticket, events, terms, ratings, assists, (id_, kept))

    def _state(self, id_: int) -> str:
        """The newest tenth and a little more is where the open ones are."""
        age = 1 - id_ / self._count
        chance = 0.8 if age < OPEN_SHARE * 1.1 else 0.015
        if self._random.random() < chance:
            return str(_pick(self._random, OPEN_STATES))
        ended = str(_pick(self._random, ENDED_STATES))
        return "archived" if age > OPEN_SHARE * 1.2 else ended

    def _history(
        self, id_: int, created: int, state: str, unit: int | None
    ) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], int, set[str]]:
        """Events and terms up to `state`; when the last was, and the states it went through."""
        r = self._random
        who = 1 + r.randrange(ACCOUNTS)
        events: list[tuple[Any, ...]] = [
            (id_, created, "drafted", who, '{"source":"call"}', None, None, None, None),
            (id_, created, "edited", who, '{"what":["text","type"]}', None, None, None, None),
        ]
        terms: list[tuple[Any, ...]] = []
        at, reached = created, {"draft"}
        until = {"archived": "closed", "in_review": "to_dispatch"}.get(state, state)
        until = {"supervision_review": "to_follow_up", "rectifying": "to_follow_up"}.get(
            until, until
        )
        for move, source, to, hours in WAY:
            if source == until or (until in ("rejected", "merged") and source == "draft"):
                break
            if until == "terminated" and source == "in_progress":
                break
            passed = min(at + int(hours * HOUR_MS * (0.2 + 1.6 * r.random())), self._now_ms)
            if terms:
                terms[-1] = (*terms[-1][:10], passed, passed <= terms[-1][7])
            at = passed
            events.append((id_, at, "moved", who, "{}", move, source, to, None))
            reached.add(to)
            if to in TERM_OF:
                terms.append(self._term(id_, to, unit, at))
        if state not in reached:
            events.append((id_, at, "moved", who, "{}", None, until, state, "见记录"))
            if state in TERM_OF:
                terms.append(self._term(id_, state, unit, at))
        if state in TERM_OF and terms[-1][7] < self._now_ms - 30 * DAY_MS:
            # Still open after so long: its end was moved.
            later = self._now_ms + r.randrange(-10, 30) * DAY_MS
            terms[-1] = (*terms[-1][:7], later, *terms[-1][8:])
        return events, terms, at, reached

    def _term(self, id_: int, state: str, unit: int | None, at: int) -> tuple[Any, ...]:
        kind, days = TERM_OF[state]
        due = at + days * DAY_MS
        of_unit = unit if kind in ("accept", "done", "rectify") else None
        return (id_, kind, 1, of_unit, at, days, False, due, due, False, None, None)

    def _ratings(self, id_: int, unit: int, at: int) -> list[tuple[Any, ...]]:
        stars = _pick(self._random, STARS)
        return [(id_, 1, False, unit, stars, "person", "", 1, at)]

    def _text(self) -> str:
        r = self._random
        street = self._streets[self._rank(200)]
        place = self._places[self._rank(400)]
        what, so = _MATTERS[self._rank(len(_MATTERS), 0.6)]
        manner = r.sample(_MANNERS, 2)
        shop = "".join(r.choices(_RARE, k=2))
        return (
            f"来电人反映：{street}{r.randrange(1, 400)}号{place}{what}，{so}，附近有{shop}商店，"
            f"已持续{r.randrange(2, 90)}天，{manner[0]}，{manner[1]}。"
        )

    def _company(self) -> str:
        if self._random.random() < 0.6:
            return ""
        n = self._rank(30_000, 0.6)
        name = _RARE[n % len(_RARE)] + _RARE[n // len(_RARE) % len(_RARE)]
        return f"玉林市{name}{_TRADES[n % len(_TRADES)]}有限公司"

    def _number(self, created: int) -> str:
        day = (datetime.fromtimestamp(created / 1000, UTC) + timedelta(hours=8)).strftime("%Y%m%d")
        if day != self._day:
            self._day, self._of_day = day, itertools.count(1)
        return f"{day}-{next(self._of_day):05d}"

    def _rank(self, count: int, steep: float = 0.5) -> int:
        """A rank from 0: low ones are frequent. `steep` near 1 is steeper."""
        return min(count - 1, int(count * self._random.random() ** (1 / (1 - steep))))


def _pick(r: random.Random, choices: tuple[tuple[Any, int], ...]) -> Any:
    return r.choices([c for c, _ in choices], [w for _, w in choices])[0]
