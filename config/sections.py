"""Each section of the settings, read key by key into its frozen object.

What is checked here concerns one section alone; what binds sections together is in
`config.checks`. Defaults given here are for entries that a place adds; shipped entries have theirs
in `default.toml`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import get_args

from config.model import (
    Announcements,
    Asterisk,
    Choice,
    Console,
    Disposition,
    Hours,
    Line,
    Listen,
    MenuKey,
    Queue,
    Recording,
    Strategy,
    Tickets,
    Trunk,
)
from config.reader import NAME, NAME_SAYS, Table

CODECS = ("alaw", "ulaw", "g722", "gsm", "g726", "opus")
"""Names as Asterisk writes them; all of these it can turn into its own sound."""
TICKET_STATES = ("closed", "rejected", "to_dispatch")
"""Where a ticket can stand when the agent has done with it."""
ENDED = ("closed", "rejected")

_STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_HOST_SAYS = 'an address or a host name such as "127.0.0.1"'
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORD_SAYS = "letters, digits, _ and -"
_ADDRESS = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/\d{1,2}|:\d{1,5})?"
    r"|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(/\d{1,3})?|\[[0-9A-Fa-f:.]+\]:\d{1,5}"
)
_REGISTRAR = re.compile(r"(sips?:)?[A-Za-z0-9.-]+(:\d{1,5})?(;transport=(udp|tcp|tls))?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
_NUMBER = re.compile(r"\+?\d{2,20}")
_MENU_KEY = re.compile(r"[0-9*#]")
_MENU_KEY_SAYS = "one key of a telephone: 0 to 9, * or #"
_DATABASE = re.compile(r"(postgresql(\+asyncpg)?|sqlite(\+\w+)?)://\S*")


def database_url(table: Table) -> str:
    return table.text(
        "database_url",
        "postgresql://user:password@host/name, sqlite:///path or nothing",
        pattern=_DATABASE,
        empty=True,
        secret=True,
    )


def console(table: Table) -> Console:
    read = Console(
        listen=Listen(
            host=table.text("host", _HOST_SAYS, pattern=_HOST),
            port=table.integer("port", 1, 65535),
        ),
        tls_certificate=table.path("tls_certificate", "the path of a PEM file"),
        tls_key=table.path("tls_key", "the path of a PEM file"),
        session_hours=table.integer("session_hours", 1, 168),
        demo=table.flag("demo"),
        public_origins=table.texts(
            "public_origins", _ORIGIN, 'an origin such as "https://hotline.example.cn"'
        ),
    )
    if read.tls_certificate and not read.tls_key:
        table.mistake("tls_key", "nothing", "the key of tls_certificate")
    if read.tls_key and not read.tls_certificate:
        table.mistake("tls_certificate", "nothing", "the certificate of tls_key")
    return read


def asterisk(table: Table) -> Asterisk:
    read = Asterisk(
        host=table.text("host", _HOST_SAYS, pattern=_HOST),
        sip_port=table.integer("sip_port", 1, 65535),
        http_port=table.integer("http_port", 1, 65535),
        rtp_first=table.integer("rtp_first", 1024, 65535),
        rtp_last=table.integer("rtp_last", 1024, 65535),
        app=table.text("app", _WORD_SAYS, pattern=_WORD),
        user=table.text("user", _WORD_SAYS, pattern=_WORD),
        managed=table.flag("managed"),
        home=table.path("home", "the directory of an unpacked Asterisk"),
        password=table.optional("password", "a line of text", secret=True),
    )
    # Two ports a leg; running out of them takes Asterisk down (asterisk#1757).
    if read.rtp_last < read.rtp_first + 99:
        table.mistake("rtp_last", str(read.rtp_last), "a port at least 99 above rtp_first")
    return read


def trunk(table: Table) -> Trunk:
    read = Trunk(
        name=table.name(),
        addresses=table.texts(
            "addresses",
            _ADDRESS,
            'an address, a network or a host such as "10.0.0.1", "10.0.0.0/24" or "pbx:5060"',
            default=(),
        ),
        register_to=table.optional(
            "register_to", 'a registrar such as "sip.example.cn:5060"', pattern=_REGISTRAR
        ),
        username=table.optional("username", "a user name without spaces", pattern=_USER),
        password=table.optional("password", "a line of text", secret=True),
        codecs=table.texts(
            "codecs",
            re.compile("|".join(CODECS)),
            "one of " + ", ".join(CODECS),
            default=("alaw", "ulaw"),
        ),
        country_code=table.text(
            "country_code", "1 to 3 digits", pattern=re.compile(r"[1-9]\d{0,2}"), default="86"
        ),
        area_code=table.text(
            "area_code",
            'an area code such as "0775", or nothing',
            pattern=re.compile(r"0\d{2,3}"),
            empty=True,
            default="",
        ),
        shown_as=table.text("shown_as", "a telephone number", pattern=_NUMBER, default="12345"),
    )
    if not read.addresses and not read.register_to:
        table.mistake("addresses", "neither addresses nor register_to", "one of the two")
    if read.register_to and not read.username:
        table.mistake("username", "nothing", "the user name to register with")
    if not read.codecs:
        table.mistake("codecs", "an empty list", "at least one of " + ", ".join(CODECS))
    return read


_USER = re.compile(r"[^\s;\"'<>]{1,128}")


def line(table: Table) -> Line:
    keys = tuple(_menu_key(row) for row in table.rows("keys", least=1))
    read = Line(
        name=table.name(),
        label=table.text("label"),
        numbers=table.texts("numbers", _NUMBER, "a dialled number, digits only"),
        greeting=table.name("greeting"),
        menu=table.name("menu"),
        keys=keys,
        operator_key=table.text("operator_key", _MENU_KEY_SAYS, pattern=_MENU_KEY, default="0"),
        silence_queue=table.name("silence_queue"),
        tries=table.integer("tries", 1, 9, default=3),
        key_wait_s=table.seconds("key_wait_s", 1, 60, default=5.0),
        hours=table.optional("hours", "the name of [[hours]] or nothing", pattern=NAME),
    )
    if not read.numbers:
        table.mistake("numbers", "an empty list", "at least one dialled number")
    pressed = [key.key for key in keys]
    for key in sorted({key for key in pressed if key and pressed.count(key) > 1}):
        table.mistake("keys", f'the key "{key}" {pressed.count(key)} times', "each key once")
    if read.operator_key in pressed:
        table.mistake("operator_key", f'"{read.operator_key}"', "a key not among keys")
    return read


def _menu_key(table: Table) -> MenuKey:
    return MenuKey(
        key=table.text("key", _MENU_KEY_SAYS, pattern=_MENU_KEY),
        queue=table.name("queue"),
        label=table.text("label"),
    )


def hours(table: Table) -> Hours:
    read = Hours(
        name=table.name(),
        opens=table.clock("opens", default=dt.time(8, 30)),
        closes=table.clock("closes", default=dt.time(17, 30)),
        weekdays=table.integers("weekdays", 1, 7, default=(1, 2, 3, 4, 5)),
        follow_public_holidays=table.flag("follow_public_holidays", default=True),
        closed_on=table.dates("closed_on"),
        closed_greeting=table.text("closed_greeting", NAME_SAYS, pattern=NAME, default="closed"),
        closed_queue=table.optional("closed_queue", "the name of a queue or nothing", pattern=NAME),
    )
    if read.opens >= read.closes:
        table.mistake("closes", f'"{read.closes:%H:%M}"', f"a time after {read.opens:%H:%M}")
    if not read.weekdays:
        table.mistake("weekdays", "an empty list", "at least one day, 1 is Monday")
    return read


def queue(table: Table) -> Queue:
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
        overflow_to=table.optional("overflow_to", "the name of a queue or nothing", pattern=NAME),
        overflow_wait_s=table.seconds("overflow_wait_s", 0, 7200, default=0.0),
        music=table.text("music", _WORD_SAYS, pattern=_WORD, default="default"),
    )


def announcements(table: Table) -> Announcements:
    recorded = table.path("recorded", "the directory of recorded announcements")
    if recorded is None:
        table.mistake("recorded", "nothing", "the directory of recorded announcements")
    with table.table("texts") as texts:
        read = {name: _sentence(texts, name, text) for name, text in texts.entries()}
    return Announcements(
        voice=table.text("voice", "a voice of espeak-ng", pattern=re.compile(r"[\w+-]{1,64}")),
        rate=table.integer("rate", 80, 450),
        recorded=recorded or table.base,
        texts=read,
    )


def _sentence(table: Table, name: str, text: object) -> str:
    if not NAME.fullmatch(name):
        table.mistake(name, "this name of an announcement", NAME_SAYS)
    return table.text(name, "a sentence of at most 1000 characters", pattern=_SENTENCE, empty=True)


_SENTENCE = re.compile(r".{1,1000}")


def recording(table: Table) -> Recording:
    return Recording(
        format=table.choice("format", ("flac", "opus")),
        keep_days=table.integer("keep_days", 1, 36500),
        min_free_mb=table.integer("min_free_mb", 0, 10_000_000),
        max_message_s=table.seconds("max_message_s", 5, 3600),
    )


def tickets(table: Table) -> Tickets:
    return Tickets(
        types=choices(table, "types"),
        classes=choices(table, "classes"),
        dispositions=tuple(_disposition(row) for row in table.rows("dispositions", least=1)),
    )


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
    if read.closes != (read.state in ENDED):
        state = "closed or rejected" if read.closes else "to_dispatch"
        table.mistake("state", f'"{read.state}"', f"{state}, since closes says so")
    return read
