"""Each section of the settings, read key by key into its frozen object.

What is checked here concerns one section alone; what binds sections together is in
`config.checks`. Defaults given here are for entries that a place adds; shipped entries have theirs
in `default.toml`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from config.model import (
    Announcements,
    Choice,
    Disposition,
    Hours,
    Intake,
    Line,
    MenuKey,
    Queue,
    Recording,
    Strategy,
    Talk,
    Tickets,
)
from config.reader import Table
from config.words import NAME, NAME_SAYS, WORD, WORD_SAYS

_REGION = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}")
_SHORT = re.compile(r"[0-9]{3,6}")

TICKET_STATES = ("closed", "rejected", "to_dispatch")
"""Where a ticket can stand when the agent has done with it."""
ENDED = ("closed", "rejected")

ANNOUNCEMENT = "an announcement"

_STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
_DIALLED = re.compile(r"[0-9]{2,20}")
_MENU_KEY = re.compile(r"[0-9*#]")
_MENU_KEY_SAYS = "one key of a telephone: 0 to 9, * or #"


@dataclass(frozen=True, slots=True)
class Names:
    """What the settings name in one place and point at from another."""

    queues: frozenset[str]
    hours: frozenset[str]
    announcements: frozenset[str]


def line(table: Table, names: Names) -> Line:
    keys = tuple(_menu_key(row, names) for row in table.rows("keys", least=1))
    read = Line(
        name=table.name(),
        label=table.text("label"),
        numbers=table.texts("numbers", _DIALLED, "2 to 20 digits as they are dialled"),
        greeting=table.reference("greeting", ANNOUNCEMENT, names.announcements),
        menu=table.reference("menu", ANNOUNCEMENT, names.announcements),
        keys=keys,
        operator_key=table.text("operator_key", _MENU_KEY_SAYS, pattern=_MENU_KEY, default="0"),
        silence_queue=table.reference("silence_queue", "a queue", names.queues),
        tries=table.integer("tries", 1, 9, default=3),
        key_wait_s=table.seconds("key_wait_s", 1, 60, default=5.0),
        hours=table.maybe_reference("hours", "an entry of [[hours]]", names.hours),
    )
    if table.fine("numbers") and not read.numbers:
        table.mistake("numbers", "an empty list", "at least one dialled number")
    pressed = [key.key for key in keys]
    for key in sorted({key for key in pressed if key and pressed.count(key) > 1}):
        table.mistake("keys", f'the key "{key}" {pressed.count(key)} times', "each key once")
    if read.operator_key and read.operator_key in pressed:
        table.mistake("operator_key", f'"{read.operator_key}"', "a key not among keys")
    return read


def _menu_key(table: Table, names: Names) -> MenuKey:
    return MenuKey(
        key=table.text("key", _MENU_KEY_SAYS, pattern=_MENU_KEY),
        queue=table.reference("queue", "a queue", names.queues),
        label=table.text("label"),
    )


def hours(table: Table, names: Names) -> Hours:
    read = Hours(
        name=table.name(),
        opens=table.clock("opens", default=dt.time(8, 30)),
        closes=table.clock("closes", default=dt.time(17, 30)),
        weekdays=table.integers("weekdays", 1, 7, default=(1, 2, 3, 4, 5)),
        follow_public_holidays=table.flag("follow_public_holidays", default=True),
        closed_on=table.dates("closed_on"),
        closed_greeting=table.reference(
            "closed_greeting", ANNOUNCEMENT, names.announcements, default="closed"
        ),
        closed_queue=table.maybe_reference("closed_queue", "a queue", names.queues),
    )
    if table.fine("opens", "closes") and read.opens >= read.closes:
        table.mistake("closes", f'"{read.closes:%H:%M}"', f"a time after {read.opens:%H:%M}")
    if table.fine("weekdays") and not read.weekdays:
        table.mistake("weekdays", "an empty list", "at least one day, 1 is Monday")
    return read


def queue(table: Table, names: Names) -> Queue:
    return Queue(
        name=table.name(),
        label=table.text("label"),
        strategy=table.choice("strategy", _STRATEGIES, default="longest_idle"),
        ring_s=table.seconds("ring_s", 3, 120, default=15.0),
        wrap_up_s=table.seconds("wrap_up_s", 0, 3600, default=60.0),
        announce_every_s=table.seconds("announce_every_s", 5, 600, default=30.0),
        announce_first_s=table.seconds("announce_first_s", 1, 600, default=15.0),
        callback_key=table.text(
            "callback_key",
            _MENU_KEY_SAYS + ", or nothing",
            pattern=_MENU_KEY,
            empty=True,
            default="9",
        ),
        max_wait_s=table.seconds("max_wait_s", 1, 7200, default=120.0),
        overflow_to=table.maybe_reference("overflow_to", "a queue", names.queues),
        overflow_wait_s=table.seconds("overflow_wait_s", 0, 7200, default=0.0),
        music=table.text("music", WORD_SAYS, pattern=WORD, default="default"),
    )


def recorded_names(directory: Path | None) -> frozenset[str]:
    """The announcements that a place has recorded."""
    try:
        return (
            frozenset(path.stem for path in directory.glob("*.wav")) if directory else frozenset()
        )
    except (OSError, ValueError):
        return frozenset()


def announcements(table: Table) -> Announcements:
    recorded = table.directory("recorded", "the directory of recorded announcements")
    with table.table("texts") as texts:
        have = recorded_names(recorded)
        read = {name: _sentence(texts, name, have) for name in texts.keys}
    return Announcements(
        voice=table.text("voice", "a voice of espeak-ng", pattern=re.compile(r"[\w+-]{1,64}")),
        rate=table.integer("rate", 80, 450),
        recorded=recorded,
        texts=read,
    )


def _sentence(table: Table, name: str, recorded: frozenset[str]) -> str:
    if not NAME.fullmatch(name):
        table.mistake(name, "this name of an announcement", NAME_SAYS)
    text = table.text(name, "a sentence of at most 1000 characters", pattern=_SENTENCE, empty=True)
    if text == "" and name not in recorded and table.fine(name):
        table.mistake(name, "no text", f"a sentence, or {name}.wav among the recorded ones")
    return text


_SENTENCE = re.compile(r".{1,1000}")


def recording(table: Table) -> Recording:
    return Recording(
        format=table.choice("format", ("flac", "opus")),
        keep_days=table.integer("keep_days", 1, 36500),
        min_free_mb=table.integer("min_free_mb", 0, 10_000_000),
        max_message_s=table.seconds("max_message_s", 5, 3600),
    )


def talk(table: Table, trunks: Collection[str]) -> Talk:
    return Talk(
        lost_seat_s=table.seconds("lost_seat_s", 5, 300),
        consult_ring_s=table.seconds("consult_ring_s", 5, 180),
        transfer_ring_s=table.seconds("transfer_ring_s", 5, 180),
        outbound_ring_s=table.seconds("outbound_ring_s", 5, 180),
        outbound_trunk=table.maybe_reference("outbound_trunk", "trunk", trunks),
        emergency=table.texts("emergency", _SHORT, 'a short number in quotes, as "110"'),
    )


def tickets(table: Table) -> Tickets:
    return Tickets(
        types=choices(table, "types"),
        classes=choices(table, "classes"),
        regions=tuple(_region(row) for row in table.rows("regions")),
        dispositions=tuple(_disposition(row) for row in table.rows("dispositions", least=1)),
    )


def _region(table: Table) -> Choice:
    code = table.text("code", "a code of 2, 4, 6, 9 or 12 digits in quotes", pattern=_REGION)
    return Choice(code=code, label=table.text("label"))


def choices(table: Table, key: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(code=row.name("code"), label=row.text("label")) for row in table.rows(key, least=1)
    )


def _disposition(table: Table) -> Disposition:
    read = Disposition(
        code=table.name("code"),
        label=table.text("label"),
        closes=table.flag("closes"),
        state=table.choice("state", TICKET_STATES),
        needs_class=table.flag("needs_class", default=True),
    )
    if table.fine("closes", "state") and read.closes != (read.state in ENDED):
        state = "closed or rejected" if read.closes else "to_dispatch"
        table.mistake("state", f'"{read.state}"', f"{state}, since closes says so")
    return read


def intake(table: Table) -> Intake:
    """What comes in from outside, and what is kept of reporters."""
    return Intake(
        web_form=table.flag("web_form"),
        attachment_mb=table.integer("attachment_mb", 1, 200),
        attachments=table.integer("attachments", 1, 100),
        web_files=table.integer("web_files", 0, 20),
        web_file_mb=table.integer("web_file_mb", 1, 50),
        unmask_an_hour=table.integer("unmask_an_hour", 1, 1000),
    )
