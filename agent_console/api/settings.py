"""The words and choices of this place, for screens."""

from __future__ import annotations

import msgspec

from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.people_rules import DUTIES
from agent_console.roles import EVERYBODY
from config import model
from floor import call_words, seats
from recordings.catalogue import PROBLEMS
from tickets import classes, rules
from tickets.rules import states
from tickets.rules.table import MOVES

operations = Operations("settings")

TICKET_EVENTS = {
    "drafted": "建立工单",
    "edited": "修改工单",
    "completed": "提交工单",
    "handed_over": "移交座席",
    "moved": "流转",
    "acted": "办理",
    "merged_from": "并入工单",
    "attached": "添加附件",
    "attachment_removed": "移除附件",
    "unmasked": "查看来电人信息",
    "contact_kept": "登记联系方式",
    "term_changed": "期限重新计算",
    "reminded": "到期提醒",
}
PAPER_STATES = {"to_sign": "待签发", "signed": "已签发", "sent_back": "已退回", "kept": "已存档"}
ASKS = {"return": "退回", "extension": "延期", "suspension": "挂起", "termination": "终止"}
LISTS = {"poor": "差评清单", "responsibility": "责任清单", "rectification": "整改清单"}
MISSED_KINDS = {"abandoned": "排队中挂机", "callback": "登记回电", "message": "语音留言"}


class Named(msgspec.Struct, frozen=True):
    name: str
    label: str


class QueueSettings(msgspec.Struct, frozen=True):
    name: str
    label: str
    callback_key: str


class ChoiceOf(msgspec.Struct, frozen=True):
    code: str
    label: str


class ClassChoice(msgspec.Struct, frozen=True):
    """A class that may be chosen, each right before those below it."""

    code: str
    label: str
    parent: str | None


class DispositionSettings(msgspec.Struct, frozen=True):
    code: str
    label: str
    closes: bool
    state: str
    needs_class: bool


class Labels(msgspec.Struct, frozen=True):
    seat_states: dict[str, str]
    stages: dict[str, str]
    talk_states: dict[str, str]
    end_reasons: dict[str, str]
    ticket_states: dict[str, str]
    event_kinds: dict[str, str]
    missed_kinds: dict[str, str]
    recording_problems: dict[str, str]
    moves: dict[str, str]
    papers: dict[str, str]
    paper_states: dict[str, str]
    terms: dict[str, str]
    difficulties: dict[str, str]
    causes: dict[str, str]
    stars: dict[str, str]
    duties: dict[str, str]
    asks: dict[str, str]
    lists: dict[str, str]


class PlaceSettings(msgspec.Struct, frozen=True):
    zone: str
    hotline_label: str
    queues: list[QueueSettings]
    lines: list[Named]
    types: list[ChoiceOf]
    classes: list[ClassChoice]
    regions: list[ChoiceOf]
    dispositions: list[DispositionSettings]
    pause_reasons: list[ChoiceOf]
    emergency: list[str]
    labels: Labels


@operations.add("GET", "/settings", "Words and choices of this place", roles=EVERYBODY)
async def read_settings(context: Context) -> PlaceSettings:
    offered = await context.parts.database.read(classes.all_classes)
    return shown(context.parts.settings, offered)


def shown(place: model.Settings, offered: list[classes.TicketClass]) -> PlaceSettings:
    """What of the settings a screen needs, with the classes that the administrator keeps."""
    return PlaceSettings(
        zone=place.zone,
        hotline_label=place.lines[0].label if place.lines else "12345",
        queues=[QueueSettings(q.name, q.label, q.callback_key) for q in place.queues],
        lines=[Named(line.name, line.label) for line in place.lines],
        types=_choices(place.tickets.types),
        classes=[ClassChoice(one.code, one.label, one.parent) for one in offered],
        regions=_choices(place.tickets.regions),
        dispositions=[
            DispositionSettings(d.code, d.label, d.closes, d.state, d.needs_class)
            for d in place.tickets.dispositions
        ],
        pause_reasons=_choices(place.pause_reasons),
        emergency=list(place.talk.emergency),
        labels=_labels(),
    )


def _labels() -> Labels:
    return Labels(
        seat_states=seats.LABELS,
        stages=call_words.STAGES,
        talk_states=call_words.TALK_STATES,
        end_reasons=call_words.END_REASONS,
        ticket_states=rules.STATES,
        event_kinds=call_words.EVENT_KINDS | TICKET_EVENTS,
        missed_kinds=MISSED_KINDS,
        recording_problems=PROBLEMS,
        moves={move.name: move.label for move in MOVES},
        papers=states.PAPERS,
        paper_states=PAPER_STATES,
        terms=states.TERMS,
        difficulties=states.DIFFICULTIES,
        causes=states.CAUSES,
        stars={str(stars): words for stars, words in states.STARS.items()},
        duties=DUTIES,
        asks=ASKS,
        lists=LISTS,
    )


def _choices(choices: tuple[model.Choice, ...]) -> list[ChoiceOf]:
    return [ChoiceOf(c.code, c.label) for c in choices]
