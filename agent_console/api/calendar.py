"""The working calendar: read by everybody, set by administrators, a notice taken in whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from agent_console.api.changing import MOST_LISTED, Changing
from agent_console.api.fields import NO_NUL
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem
from agent_console.roles import EVERYBODY
from tickets import calendar, calendar_notice, recompute
from tickets.calendar import Change
from tickets.kept import Mistaken
from tickets.place import Place
from workdays import law, reading
from workdays.days import COUNTRY, Calendar, Day, Kind
from workdays.shipped import GUESSED, label

operations = Operations("clocks")

ADMIN = frozenset({"admin"})
CSV = frozenset({"text/csv", "text/plain", "application/vnd.ms-excel"})
"""What browsers call such a file."""
MAX_CSV = 64 * 1024
KINDS: dict[Kind, str] = {"work": "上班", "half": "上班半天", "off": "休息"}
SATURDAY = 5

Year = Annotated[int, Meta(ge=2020, le=2100)]
Region = Annotated[str, Meta(max_length=12, pattern=r"^([0-9]{2}){0,6}$")]
Source = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]


class RegionOf(msgspec.Struct, frozen=True):
    code: str
    label: str


class ShownDay(msgspec.Struct, frozen=True):
    """One day; `own`: set for this region itself. Without a source the weekday decides."""

    day: str
    kind: Kind
    source: str
    announced: bool
    own: bool


class ShownYear(msgspec.Struct, frozen=True):
    """All days of a year as they hold in a region; `source` is the country's notice."""

    year: int
    region: str
    regions: list[RegionOf]
    announced: bool
    source: str
    days: list[ShownDay]


class YearQuery(msgspec.Struct, forbid_unknown_fields=True):
    year: Year
    region: Region | None = None
    """None: the place's own."""


class NoticeQuery(msgspec.Struct, forbid_unknown_fields=True):
    year: Year
    region: Region = COUNTRY
    source: Annotated[str, Meta(max_length=200, pattern=NO_NUL)] = ""
    """The document's name and number."""
    trial: bool = False
    """Only look: nothing is kept, and what would change is listed."""


class SetDay(msgspec.Struct, forbid_unknown_fields=True):
    day: Annotated[str, Meta(max_length=10, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    kind: Kind
    source: Source
    region: Region = COUNTRY


class DaySet(msgspec.Struct, frozen=True):
    """The day as it is now, and how many open terms moved by it."""

    day: ShownDay
    recomputed: int


class NoticeTaken(msgspec.Struct, frozen=True):
    """How many days differ from before, and how many open terms moved by it; of a trial the days."""

    changed: int
    recomputed: int
    changes: list[Changing] | UnsetType = UNSET


@operations.add("GET", "/admin/calendar", "The working days of a year", roles=EVERYBODY)
async def read_calendar(context: Context, *, query: YearQuery) -> ShownYear:
    settings = context.parts.settings
    region = settings.clocks.region if query.region is None else query.region
    named = await context.parts.database.read(reading.days, region)
    known = await context.parts.database.read(reading.load, region)
    regions = await context.parts.database.read(reading.regions, settings.clocks.region)
    names = {choice.code: choice.label for choice in settings.tickets.regions}
    by_day = {day.day: day for day in named}
    first = date(query.year, 1, 1)
    count = (date(query.year + 1, 1, 1) - first).days
    notice = by_day.get(first)
    announced = reading.announced(named, query.year)
    return ShownYear(
        year=query.year,
        region=region,
        regions=[RegionOf(code, names.get(code) or label(code)) for code in regions],
        announced=announced,
        source=notice.source if notice and announced else "",
        days=[_shown(first + timedelta(n), known, by_day, region) for n in range(count)],
    )


@operations.add("PATCH", "/admin/calendar", "Set one day of a region", roles=ADMIN, problems=(422,))
async def set_day(context: Context, *, body: SetDay) -> DaySet:
    database = context.parts.database
    day = _date(body.day)
    source = body.source.strip()
    if not source:
        raise _unread("请写明依据的文件或者原因", "source")
    made = await database.write(
        calendar.set_day, context.account.id, body.region, day, body.kind, source
    )
    moved = await recompute.everything(database, Place(context.parts.settings), day)
    known = await database.read(reading.load, body.region)
    return DaySet(_shown(day, known, {day: made}, body.region), moved)


@operations.add(
    "POST",
    "/admin/calendar/import",
    "Take in a year's notice of days off, sent as a CSV file",
    roles=ADMIN,
    problems=(413, 415, 422),
)
async def import_calendar(context: Context, *, query: NoticeQuery) -> NoticeTaken:
    database = context.parts.database
    text = await _csv(context)
    known = await database.read(reading.load, COUNTRY)
    try:
        named = calendar_notice.read(
            text, query.year, country=query.region == COUNTRY, known=known.days
        )
    except Mistaken as mistaken:
        raise _bad_lines(mistaken) from None
    if query.trial:
        changes = await database.read(calendar.changes, query.region, query.year, named)
        return _looked_at(changes, _left_out(known, query, named), known)
    source = query.source.strip() or f"{query.year}年{label(query.region)}放假安排（导入）"
    changed = await database.write(
        calendar.announce, context.account.id, query.region, query.year, source, named
    )
    moved = await recompute.everything(database, Place(context.parts.settings))
    return NoticeTaken(changed, moved)


def _left_out(known: Calendar, query: NoticeQuery, named: dict[date, Kind]) -> list[Change]:
    """Holidays that the law alone gives as yet, and that this notice of the country ends."""
    if query.region != COUNTRY:
        return []
    by_law = (day for day in law.days_off(query.year) if known.by_law(day))
    return [Change(day, None, None) for day in by_law if day not in named]


def _looked_at(changes: list[Change], left_out: list[Change], known: Calendar) -> NoticeTaken:
    """What the person reads before the notice is taken in; a mistake of hers should strike her."""
    every = sorted(changes + left_out)
    return NoticeTaken(len(every), 0, [_in_words(one, known) for one in every[:MOST_LISTED]])


def _in_words(change: Change, known: Calendar) -> Changing:
    weekday = change.day.weekday()
    usual = f"未标注（{'周末休息' if weekday >= SATURDAY else '平日上班'}）"
    unsaid = "法定节假日休息（尚无通知）" if known.by_law(change.day) else usual
    return Changing(
        where=f"{change.day.isoformat()} 星期{'一二三四五六日'[weekday]}",
        before=unsaid if change.before is None else KINDS[change.before],
        after=usual if change.after is None else KINDS[change.after],
    )


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _unread("没有这一天", "day") from None
    if not 2020 <= day.year <= 2100:
        raise _unread("应在 2020 年到 2100 年之间", "day")
    return day


async def _csv(context: Context) -> str:
    """The file of the body; UTF-8, or GB 18030 as Excel writes it here."""
    raw = await context.request.read()
    if not raw:
        raise _unread("文件是空的")
    if context.request.content_type not in CSV:
        raise Problem(415, "请以 text/csv 发送", code="not-csv")
    if len(raw) > MAX_CSV:
        raise Problem(413, "文件超过 64 KB，这不是一年的放假安排", code="too-large")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unread("文件不是 UTF-8 或 GB 18030 编码的文本")


def _unread(sentence: str, field: str = "file") -> Problem:
    return Problem(422, sentence, code="not-taken", errors=(FieldError(field, sentence),))


def _bad_lines(mistaken: Mistaken) -> Problem:
    errors = tuple(FieldError(one.field, one.message) for one in mistaken.mistakes)
    return Problem(
        422, f"有 {len(errors)} 处不能导入，内容都没有改动", code="not-taken", errors=errors
    )


def _shown(day: date, known: Calendar, by_day: dict[date, Day], region: str) -> ShownDay:
    named = by_day.get(day)
    return ShownDay(
        day=day.isoformat(),
        kind=known.kind(day),
        source=named.source if named else _unnamed(day, known),
        announced=known.announced(day),
        own=named is not None and named.region == region,
    )


def _unnamed(day: date, known: Calendar) -> str:
    """Why a day that nobody has named is off all the same; nothing where its weekday decides."""
    if known.by_law(day):
        return law.SOURCE
    return GUESSED if day in known.days else ""
