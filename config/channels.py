"""The settings of the channels that notices leave the house by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

ChannelName = Literal["zwding", "dingtalk", "sms", "email", "webhook"]
Gateway = Literal["off", "cmpp", "http"]
MailSecurity = Literal["starttls", "tls", "none"]
BodyForm = Literal["json", "form"]


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot of a 钉钉 group. Its secret is the one of 加签."""

    name: str
    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DingTalk:
    on: bool
    url: str
    per_minute: int
    """A robot that is asked more often is silent for ten minutes."""
    robots: tuple[Robot, ...]

    def robot(self, name: str) -> Robot | None:
        return next((robot for robot in self.robots if robot.name == name), None)


@dataclass(frozen=True, slots=True)
class Zwding:
    """浙政钉, and 专有钉钉 of other provinces: work notices of an application."""

    on: bool
    url: str
    tenant_id: str
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cmpp:
    """A line to China Mobile's gateway (or one that speaks as it does)."""

    host: str
    port: int
    source_addr: str
    """The six characters of the enterprise (SP_Id)."""
    secret: str = field(repr=False)
    src_id: str
    """The access number that the message comes from."""
    service_id: str
    window: int
    answer_s: float
    active_test_s: float


@dataclass(frozen=True, slots=True)
class SmsHttp:
    """Any gateway that takes one message a request; `{to}`, `{text}`, `{key}` are filled in."""

    url: str
    form: BodyForm
    body: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    success_field: str
    """The answer's field, `a.b` within `a`; empty: every 2xx is a success."""
    success_values: tuple[str, ...]
    later_values: tuple[str, ...]
    """Values that mean: not now, try again."""
    reference_field: str
    idempotent: bool
    """The gateway sends a message with the same `{key}` once."""


@dataclass(frozen=True, slots=True)
class Sms:
    gateway: Gateway
    sign: str
    """Shown before each text as 【…】."""
    cmpp: Cmpp
    http: SmsHttp


@dataclass(frozen=True, slots=True)
class Email:
    on: bool
    host: str
    port: int
    security: MailSecurity
    login: str
    password: str = field(repr=False)
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Hook:
    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Webhook:
    on: bool
    hooks: tuple[Hook, ...]

    def hook(self, name: str) -> Hook | None:
        return next((hook for hook in self.hooks if hook.name == name), None)


@dataclass(frozen=True, slots=True)
class Team:
    """Where people who are no unit are reached; robot and hook by their names."""

    name: str
    zwding: tuple[str, ...]
    email: tuple[str, ...]
    sms: tuple[str, ...] = field(repr=False)
    dingtalk: str | None
    webhook: str | None


@dataclass(frozen=True, slots=True)
class Notices:
    """Which notices go to whom by which channel, and how sending goes on when it fails."""

    unit: tuple[str, ...]
    """Channels to a unit, each used when it is on and the unit has an address for it."""
    unit_head: tuple[str, ...]
    team: tuple[str, ...]
    caller: tuple[str, ...]
    tries: int
    first_wait_s: float
    longest_wait_s: float
    send_s: float
    """One try may take so long."""
    at_once: int
    """So many of one channel are sent side by side by one process."""
    stale_hours: int
    """What could not leave for so long would say something that is no longer so."""
    quiet_from: dt.time
    """From then, in the place's time, to `quiet_to` no SMS goes to a citizen; equal: always."""
    quiet_to: dt.time
    keep_days: int
    """What was sent or let go is kept so long."""
    dingtalk: DingTalk
    zwding: Zwding
    sms: Sms
    email: Email
    webhook: Webhook
    teams: tuple[Team, ...]

    @property
    def on(self) -> frozenset[str]:
        """The channels that this place has."""
        switched = (
            ("dingtalk", self.dingtalk.on),
            ("zwding", self.zwding.on),
            ("sms", self.sms.gateway != "off"),
            ("email", self.email.on),
            ("webhook", self.webhook.on),
        )
        return frozenset(name for name, on in switched if on)

    def channels_of(self, role: str) -> tuple[str, ...]:
        """The channels, of those that are on, that notices to this kind of recipient go by."""
        own = {"unit": self.unit, "unit_head": self.unit_head, "caller": self.caller}
        return tuple(name for name in own.get(role, self.team) if name in self.on)

    def team_of(self, name: str) -> Team | None:
        return next((team for team in self.teams if team.name == name), None)
