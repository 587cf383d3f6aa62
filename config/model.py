"""The settings of one hotline, typed and frozen.

Read once at start by `config.load`; nothing else reads a setting. Durations carry
their unit in the name. Every field's default is the shipped one of `default.toml`,
which a place overrides in its `hotline.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Literal

from config.channels import Notices

Strategy = Literal["longest_idle", "round_robin", "skill_level"]
Dials = Literal["national", "country_code", "plus"]
PromptName = str


@dataclass(frozen=True, slots=True)
class Listen:
    """One address to bind. Everything is on loopback unless told otherwise."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Console:
    """The web console."""

    listen: Listen
    tls_certificate: Path | None
    tls_key: Path | None
    session_hours: int
    demo: bool
    """Demo mode: `/phone`, the test telephone, is served."""
    public_origins: tuple[str, ...]
    """Further origins (https://…) that a reverse proxy shows; the listen address always counts."""
    wall_key: str | None = field(default=None, repr=False)
    """Opens the figures of the day to a wall display that nobody is signed in at; None: closed."""


@dataclass(frozen=True, slots=True)
class Asterisk:
    """The Asterisk this controller drives, and how one is started when it is ours."""

    host: str
    sip_port: int
    http_port: int
    rtp_first: int
    rtp_last: int
    app: str
    user: str
    managed: bool
    """True: `hotline run` renders its configuration, starts and stops it."""
    home: Path | None
    """Directory of an unpacked Asterisk; None looks on PATH, then in var/."""
    password: str | None = field(repr=False)
    """ARI's password; None has one made at each rendering."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """Where calls come from. By registration (`register_to`) or by address (`addresses`)."""

    name: str
    addresses: tuple[str, ...]
    register_to: str | None
    username: str | None
    password: str | None = field(repr=False)
    codecs: tuple[str, ...]
    country_code: str
    area_code: str
    shown_as: str
    """The number shown to whom we call over this trunk."""
    dials: Dials = "national"
    """How numbers we call are written: 138…, 0775… / 86138…, 86775… / +86138…, +86775…"""


@dataclass(frozen=True, slots=True)
class MenuKey:
    key: str
    queue: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A dialled number and its one-level menu (Y二(一): key 1 is the business line)."""

    name: str
    label: str
    numbers: tuple[str, ...]
    greeting: PromptName
    menu: PromptName
    keys: tuple[MenuKey, ...]
    operator_key: str
    silence_queue: str
    """0, silence and too many wrong keys lead here: a person, never a dead end (GB/T 33358)."""
    tries: int
    key_wait_s: float
    hours: str | None

    def queue_for(self, key: str) -> str | None:
        """The queue behind a key; None for a key that means nothing here."""
        if key == self.operator_key:
            return self.silence_queue
        return next((k.queue for k in self.keys if k.key == key), None)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a line is staffed, and what changes outside of that."""

    name: str
    opens: time
    closes: time
    weekdays: tuple[int, ...]
    """ISO weekdays, 1 = Monday; on make-up working days the line is open as well."""
    follow_public_holidays: bool
    closed_on: tuple[date, ...]
    closed_greeting: PromptName
    closed_queue: str | None
    """Where calls go when closed; None leads to a voice message."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A skill: callers wait here, seats of this skill answer and nobody else."""

    name: str
    label: str
    strategy: Strategy
    ring_s: float
    wrap_up_s: float
    announce_every_s: float
    announce_first_s: float
    callback_key: str
    max_wait_s: float
    overflow_to: str | None
    overflow_wait_s: float
    music: str


@dataclass(frozen=True, slots=True)
class CallIn:
    """When seats of other queues are called in for one queue, how many, and for how long."""

    queue: str
    lenders: tuple[str, ...]
    keep: int
    """So many staffed seats stay with each lender, whatever happens here."""
    most: int
    level: int
    """The level of the lent skill; behind those whose own it is."""
    short_by: int
    """So many seats fewer than the forecast needs is too few."""
    wait_limit_s: float
    pause_s: float
    """Between two steps, so that the first can show what it does."""
    quiet_s: float
    """Without a cause for so long, who was called in goes back."""
    longest_s: float


@dataclass(frozen=True, slots=True)
class Staffing:
    """The forecast of the seats needed, and the rule that lets seats follow the calls (Q二(一))."""

    on: bool
    """False: the forecast is shown, nobody is called in."""
    target: float
    within_s: float
    pick_up_s: float
    """From ringing to the answer: the seat is busy, the caller waits."""
    first_talk_s: float
    """How long a talk is taken to last while none has been seen."""
    shrinkage: float
    """The share of paid time away from the telephone, for rosters."""
    interval_minutes: int
    history_weeks: int
    recent_minutes: int
    hours_ahead: int
    every_s: float
    rules: tuple[CallIn, ...]

    def rule_of(self, queue: str) -> CallIn | None:
        return next((rule for rule in self.rules if rule.queue == queue), None)


@dataclass(frozen=True, slots=True)
class Limit:
    """Where something turns amber (soon), and where red (now)."""

    amber: float
    red: float


@dataclass(frozen=True, slots=True)
class Alarms:
    """What the supervisors' floor and the wall raise an alarm about, for each queue."""

    waiting: Limit
    longest_wait_s: Limit
    connect_rate: Limit
    connect_rate_least: int
    """Fewer decided calls say nothing about a rate."""
    no_free_seat_s: Limit


@dataclass(frozen=True, slots=True)
class Talk:
    """Conversations of several people."""

    lost_seat_s: float
    """An agent whose page is gone is waited for so long; then the caller is next in the queue."""
    consult_ring_s: float
    transfer_ring_s: float
    outbound_ring_s: float
    outbound_trunk: str | None
    """The trunk that experts, citizens and 110 are called over; None is the first."""
    emergency: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Announcements:
    """Sentences by name, rendered by espeak-ng unless `recorded` holds a WAV of that name."""

    voice: str
    rate: int
    recorded: Path
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Recording:
    format: Literal["flac", "opus"]
    keep_days: int
    min_free_mb: int
    max_message_s: float


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Disposition:
    code: str
    label: str
    closes: bool
    """True: the matter ends here (closed, rejected); False: it goes on to be dispatched."""
    state: str
    needs_class: bool


@dataclass(frozen=True, slots=True)
class Tickets:
    types: tuple[Choice, ...]
    classes: tuple[Choice, ...]
    """The seven service contents of Y二(二)."""
    regions: tuple[Choice, ...]
    """Where a matter lies: codes of GB/T 2260; empty where the place asks nobody for it."""
    dispositions: tuple[Disposition, ...]


@dataclass(frozen=True, slots=True)
class Clocks:
    """Working hours of the authorities, periods of tickets, reminders; docs/clocks.md."""

    region: str
    """Division code whose calendar holds (450900); empty: the whole country's alone."""
    opens: time
    lunch_from: time
    lunch_to: time
    closes: time
    half_closes: time
    remind_before_hours: int
    """Working hours before a deadline."""
    remind_after_hours: int
    """Working hours after it."""
    sweep_every_s: float
    periods: dict[str, int]
    """By the names of `config.clocks.PERIOD_BOUNDS`; days, a number of tries, or a switch."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What comes in from outside, and what is kept of reporters; docs/confidentiality.md."""

    web_form: bool
    """False: nobody may send a matter by the page of the web."""
    attachment_mb: int
    """The largest file that may hang on a ticket."""
    attachments: int
    """So many files hang on one ticket at most."""
    web_files: int
    """So many files come with one matter of the web at most; 0: none."""
    web_file_mb: int
    unmask_an_hour: int
    """So many reporters one person may open within an hour."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. `var` is where every state of this copy lies."""

    var: Path
    database_url: str = field(repr=False)
    zone: str
    console: Console
    asterisk: Asterisk
    trunks: tuple[Trunk, ...]
    lines: tuple[Line, ...]
    hours: tuple[Hours, ...]
    queues: tuple[Queue, ...]
    announcements: Announcements
    recording: Recording
    talk: Talk
    tickets: Tickets
    pause_reasons: tuple[Choice, ...]
    staffing: Staffing
    alarms: Alarms
    clocks: Clocks
    notices: Notices
    intake: Intake
    source: Path = field(default=Path("hotline.toml"))

    def line_of(self, number: str) -> Line | None:
        """The line behind a dialled number; None when the number is not ours."""
        return next((line for line in self.lines if number in line.numbers), None)

    def line(self, name: str) -> Line:
        return next(line for line in self.lines if line.name == name)

    def queue(self, name: str) -> Queue:
        return next(queue for queue in self.queues if queue.name == name)

    @property
    def sounds(self) -> Path:
        return self.var / "sounds"

    @property
    def spool(self) -> Path:
        """Where Asterisk writes recordings while calls last."""
        return self.var / "spool"

    @property
    def attached(self) -> Path:
        """Where the files lie that hang on tickets."""
        return self.var / "attachments"

    @property
    def vault(self) -> Path:
        """Where filed recordings lie."""
        return self.var / "recordings"
