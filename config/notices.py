"""`[notices]`: the channels by which notices leave the house; all are off until a place says so."""

from __future__ import annotations

import re
from typing import get_args

from config.channels import (
    ChannelName,
    Cmpp,
    DingTalk,
    Email,
    Gateway,
    Hook,
    Notices,
    Robot,
    Sms,
    SmsHttp,
    Team,
    Webhook,
    Zwding,
)
from config.reader import Table

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
GATEWAYS: tuple[Gateway, ...] = get_args(Gateway)
TEAMS = ("dispatchers", "office", "supervisors", "business_office")
"""Recipients that are no unit: the hotline's own people, and the business-environment office."""

_CHANNEL = re.compile("|".join(CHANNELS))
_CHANNEL_SAYS = "one of " + ", ".join(CHANNELS)
_URL = re.compile(r"https?://[^\s/?#@]+[^\s@]*")
_URL_SAYS = 'an address such as "https://gateway.example/send"'
_MAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[A-Za-z0-9.-]{1,190}")
_MAIL_SAYS = "an e-mail address"
_NUMBER = re.compile(r"\+?[0-9]{5,20}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_$+/=.-]{1,64}")
_FIELD = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_VALUE = re.compile(r".{1,40}")


def notices(table: Table) -> Notices:
    with table.table("dingtalk") as part:
        dingtalk = _dingtalk(part)
    with table.table("zwding") as part:
        zwding = _zwding(part)
    with table.table("sms") as part:
        sms = _sms(part)
    with table.table("email") as part:
        email = _email(part)
    with table.table("webhook") as part:
        webhook = Webhook(
            on=part.flag("on"),
            hooks=tuple(
                Hook(
                    name=row.name(),
                    url=row.text("url", _URL_SAYS, pattern=_URL, secret=True),
                    secret=row.text("secret", "a line of text", secret=True),
                )
                for row in part.rows("hooks")
            ),
        )
    read = Notices(
        unit=_channels(table, "unit"),
        unit_head=_channels(table, "unit_head"),
        team=_channels(table, "team"),
        caller=_channels(table, "caller"),
        tries=table.integer("tries", 1, 50),
        first_wait_s=table.seconds("first_wait_s", 0, 3600),
        longest_wait_s=table.seconds("longest_wait_s", 1, 86400),
        send_s=table.seconds("send_s", 1, 120),
        at_once=table.integer("at_once", 1, 64),
        stale_hours=table.integer("stale_hours", 1, 24 * 30),
        quiet_from=table.clock("quiet_from"),
        quiet_to=table.clock("quiet_to"),
        keep_days=table.integer("keep_days", 7, 3650),
        dingtalk=dingtalk,
        zwding=zwding,
        sms=sms,
        email=email,
        webhook=webhook,
        teams=tuple(_team(row, dingtalk, webhook) for row in table.rows("teams")),
    )
    if table.fine("first_wait_s", "longest_wait_s") and read.longest_wait_s < read.first_wait_s:
        expected = f"at least first_wait_s ({read.first_wait_s:g})"
        table.mistake("longest_wait_s", f"{read.longest_wait_s:g}", expected)
    if set(read.caller) - {"sms"}:
        table.mistake("caller", "another channel", "sms alone, or nothing")
    return read


def _channels(table: Table, key: str) -> tuple[str, ...]:
    return table.texts(key, _CHANNEL, _CHANNEL_SAYS)


def _needed(table: Table, on: bool, **values: str) -> None:
    """What must be there as soon as a channel is on."""
    for key, value in values.items():
        if on and not value and table.fine(key):
            table.mistake(key, "nothing", "a value, since this channel is on")


def _dingtalk(table: Table) -> DingTalk:
    read = DingTalk(
        on=table.flag("on"),
        url=table.text("url", _URL_SAYS, pattern=_URL),
        per_minute=table.integer("per_minute", 1, 20),
        robots=tuple(
            Robot(
                name=row.name(),
                token=row.text("token", "a line of text", secret=True),
                secret=row.text("secret", "a line of text", secret=True),
            )
            for row in table.rows("robots")
        ),
    )
    if read.on and not read.robots:
        table.mistake("robots", "nothing", "at least one robot, since this channel is on")
    return read


def _zwding(table: Table) -> Zwding:
    read = Zwding(
        on=table.flag("on"),
        url=table.text("url", _URL_SAYS, pattern=_URL),
        tenant_id=table.text("tenant_id", pattern=_ACCOUNT, empty=True),
        app_key=table.text("app_key", empty=True, secret=True),
        app_secret=table.text("app_secret", empty=True, secret=True),
    )
    _needed(
        table, read.on, tenant_id=read.tenant_id, app_key=read.app_key, app_secret=read.app_secret
    )
    return read


def _sms(table: Table) -> Sms:
    gateway: Gateway = table.choice("gateway", GATEWAYS)
    with table.table("cmpp") as part:
        cmpp = Cmpp(
            host=part.text("host", empty=True),
            port=part.integer("port", 1, 65535),
            source_addr=part.text(
                "source_addr",
                "1 to 6 characters of ASCII",
                pattern=re.compile(r"[!-~]{1,6}"),
                empty=True,
            ),
            secret=part.text("secret", empty=True, secret=True),
            src_id=part.text(
                "src_id", "up to 21 digits", pattern=re.compile(r"[0-9]{1,21}"), empty=True
            ),
            service_id=part.text(
                "service_id",
                "up to 10 characters of ASCII",
                pattern=re.compile(r"[!-~]{1,10}"),
                empty=True,
            ),
            window=part.integer("window", 1, 32),
            answer_s=part.seconds("answer_s", 1, 60),
            active_test_s=part.seconds("active_test_s", 1, 180),
        )
        _needed(part, gateway == "cmpp", host=cmpp.host, source_addr=cmpp.source_addr,
                secret=cmpp.secret, src_id=cmpp.src_id)  # fmt: skip
    with table.table("http") as part:
        http = _sms_http(part, on=gateway == "http")
    return Sms(gateway=gateway, sign=table.text("sign", empty=True), cmpp=cmpp, http=http)


def _sms_http(table: Table, *, on: bool) -> SmsHttp:
    read = SmsHttp(
        url=table.text("url", _URL_SAYS, pattern=_URL, empty=True),
        form=table.choice("form", ("json", "form")),
        body=_dictionary(table, "body"),
        headers=_dictionary(table, "headers"),
        success_field=table.text(
            "success_field", "a field, or one within another", pattern=_FIELD, empty=True
        ),
        success_values=table.texts("success_values", _VALUE, "a value of success_field"),
        later_values=table.texts("later_values", _VALUE, "a value of success_field"),
        reference_field=table.text(
            "reference_field", "a field, or one within another", pattern=_FIELD, empty=True
        ),
        idempotent=table.flag("idempotent"),
    )
    _needed(table, on, url=read.url)
    filled = " ".join(read.body.values())
    if on and not ("{to}" in filled and "{text}" in filled):
        table.mistake("body", "no {to} or no {text}", "both, each as (part of) a value")
    if on and read.idempotent and "{key}" not in filled + " ".join(read.headers.values()):
        table.mistake("idempotent", "true", "{key} in body or headers, or false")
    return read


def _dictionary(table: Table, key: str) -> dict[str, str]:
    with table.table(key) as part:
        return {name: part.text(name, empty=True, secret=True) for name in part.keys}


def _email(table: Table) -> Email:
    read = Email(
        on=table.flag("on"),
        host=table.text("host", empty=True),
        port=table.integer("port", 1, 65535),
        security=table.choice("security", ("starttls", "tls", "none")),
        login=table.text("login", empty=True),
        password=table.text("password", empty=True, secret=True),
        sender=table.text("sender", _MAIL_SAYS, pattern=_MAIL, empty=True),
        subject=table.text("subject"),
    )
    _needed(table, read.on, host=read.host, sender=read.sender)
    if read.login and read.security == "none" and table.fine("security"):
        table.mistake("security", '"none"', "starttls or tls, since a password is sent")
    return read


def _team(table: Table, dingtalk: DingTalk, webhook: Webhook) -> Team:
    name = table.choice("name", TEAMS)
    return Team(
        name=name,
        zwding=table.texts("zwding", _ACCOUNT, "an account of 浙政钉", default=()),
        email=table.texts("email", _MAIL, _MAIL_SAYS, default=()),
        sms=table.texts("sms", _NUMBER, "a telephone number", default=()),
        dingtalk=table.maybe_reference("dingtalk", "a robot", [r.name for r in dingtalk.robots]),
        webhook=table.maybe_reference("webhook", "a hook", [h.name for h in webhook.hooks]),
    )
