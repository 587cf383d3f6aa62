"""The sections about machines and wires: console, Asterisk, trunks, database."""

from __future__ import annotations

import re
from typing import get_args

from config.model import Asterisk, Console, Dials, Listen, Trunk
from config.reader import Table
from config.words import NUMBER, WORD, WORD_SAYS

CODECS = ("alaw", "ulaw", "g722", "gsm", "g726", "opus")
"""Names as Asterisk writes them; all of these it can turn into its own sound."""
_DIALS: tuple[Dials, ...] = get_args(Dials)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_HOST_SAYS = 'an address or a host name such as "127.0.0.1"'
_ADDRESS = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/\d{1,2}|:\d{1,5})?"
    r"|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(/\d{1,3})?|\[[0-9A-Fa-f:.]+\]:\d{1,5}"
)
_REGISTRAR = re.compile(r"(sips?:)?[A-Za-z0-9.-]+(:\d{1,5})?(;transport=(udp|tcp|tls))?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
_DATABASE = re.compile(r"(postgresql(\+asyncpg)?|sqlite(\+\w+)?)://\S*")
_USER = re.compile(r"[^\s;\"'<>]{1,128}")


def database_url(table: Table) -> str:
    return table.text(
        "database_url",
        "postgresql://user:password@host/name, sqlite:///path or nothing",
        pattern=_DATABASE,
        empty=True,
        secret=True,
    )


_WALL_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")
_WALL_KEY_SAYS = "16 to 128 letters, digits, _ and -, or nothing"


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
        wall_key=table.optional("wall_key", _WALL_KEY_SAYS, pattern=_WALL_KEY, secret=True),
    )
    if table.fine("tls_key") and read.tls_certificate and not read.tls_key:
        table.mistake("tls_key", "nothing", "the key of tls_certificate")
    if table.fine("tls_certificate") and read.tls_key and not read.tls_certificate:
        table.mistake("tls_certificate", "nothing", "the certificate of tls_key")
    return read


def asterisk(table: Table) -> Asterisk:
    read = Asterisk(
        host=table.text("host", _HOST_SAYS, pattern=_HOST),
        sip_port=table.integer("sip_port", 1, 65535),
        http_port=table.integer("http_port", 1, 65535),
        rtp_first=table.integer("rtp_first", 1024, 65535),
        rtp_last=table.integer("rtp_last", 1024, 65535),
        app=table.text("app", WORD_SAYS, pattern=WORD),
        user=table.text("user", WORD_SAYS, pattern=WORD),
        managed=table.flag("managed"),
        home=table.path("home", "the directory of an unpacked Asterisk"),
        password=table.optional("password", "a line of text", secret=True),
    )
    # Two ports a leg; running out of them takes Asterisk down (asterisk#1757).
    if table.fine("rtp_first", "rtp_last") and read.rtp_last < read.rtp_first + 99:
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
        shown_as=table.text("shown_as", "a telephone number", pattern=NUMBER, default="12345"),
        dials=table.choice("dials", _DIALS, default="national"),
    )
    if table.fine("addresses", "register_to") and not (read.addresses or read.register_to):
        table.mistake("addresses", "neither addresses nor register_to", "one of the two")
    if table.fine("username") and read.register_to and not read.username:
        table.mistake("username", "nothing", "the user name to register with")
    if table.fine("codecs") and not read.codecs:
        table.mistake("codecs", "an empty list", "at least one of " + ", ".join(CODECS))
    return read
