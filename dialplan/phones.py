"""Telephones pushed for one sign-in: what ARI's dynamic configuration is told of each.

Pure: who pushes them (console, tests, bench) does so over HTTP with
`PUT /asterisk/config/dynamic/res_pjsip/{kind}/{id}`, in the order given here, body
`{"fields": [{"attribute", "value"}]}`; they are taken away in the opposite order.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.model import Asterisk
from dialplan.trunks import media_address

BROWSER_CODECS = "alaw,ulaw"
"""What every browser speaks and every trunk too, so that no sound is recoded."""

GONE_AFTER_S = 10
"""So long without any sound of a browser, and its page or its network is gone."""

GONE_CAUSE = 44
"""Q.850 cause of the channel that ends for that: requested channel not available. A hang-up at the
page has 0 or 16."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One object: `PUT …/res_pjsip/{kind}/{id}`."""

    kind: str
    id: str
    fields: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """Below `/ari/`."""
        return f"asterisk/config/dynamic/res_pjsip/{self.kind}/{self.id}"

    @property
    def body(self) -> dict[str, list[dict[str, str]]]:
        return {"fields": [{"attribute": a, "value": v} for a, v in self.fields]}


def seat_id(seat: int) -> str:
    """The endpoint of a seat; of fixed width, because Asterisk refuses an id that begins another."""
    return f"seat-{seat:06d}"


def browser_phone(
    asterisk: Asterisk, endpoint: str, password: str, *, context: str
) -> list[Pushed]:
    """A JsSIP telephone that registers over WebSocket with `endpoint` and `password`.

    `context` is `from-seat` or `from-citizen`. One registration at a time: a new one replaces.
    """
    return [
        Pushed(
            "auth",
            endpoint,
            (("auth_type", "userpass"), ("username", endpoint), ("password", password)),
        ),
        Pushed(
            "aor",
            endpoint,
            (
                ("max_contacts", "1"),
                ("remove_existing", "yes"),
                ("minimum_expiration", "30"),
                ("default_expiration", "120"),
                ("support_path", "no"),
            ),
        ),
        Pushed(
            "endpoint",
            endpoint,
            (
                ("transport", "transport-ws"),
                ("webrtc", "yes"),
                ("auth", endpoint),
                # A closed tab says no BYE, but a browser's microphone, muted or not, sends a packet
                # every 20 ms: ten seconds without one, and nobody is there. The channel then
                # ends with cause 44 (GONE_CAUSE).
                ("rtp_timeout", str(GONE_AFTER_S)),
                ("rtp_timeout_hold", str(GONE_AFTER_S)),
                *_common(asterisk, endpoint, context),
            ),
        ),
    ]


def wired_phone(asterisk: Asterisk, endpoint: str, contact: str, *, context: str) -> list[Pushed]:
    """A telephone (or SIPp) that waits at `contact`, e.g. sip:seat-000001@127.0.0.1:5070."""
    return [
        Pushed("aor", endpoint, (("contact", contact), ("qualify_frequency", "0"))),
        Pushed(
            "endpoint",
            endpoint,
            (("transport", "transport-udp"), *_common(asterisk, endpoint, context)),
        ),
    ]


def _common(asterisk: Asterisk, endpoint: str, context: str) -> tuple[tuple[str, str], ...]:
    address = media_address(asterisk).removeprefix("media_address = ")
    return (
        ("context", context),
        ("identify_by", "username"),
        ("disallow", "all"),
        ("allow", BROWSER_CODECS),
        ("aors", endpoint),
        ("dtmf_mode", "auto"),
        ("direct_media", "no"),
        ("rtp_symmetric", "yes"),
        ("force_rport", "yes"),
        ("allow_transfer", "no"),
        ("allow_subscribe", "no"),
        ("send_connected_line", "no"),
        # A caller's number stays inside: the seat's screen shows it masked.
        ("from_user", "hotline"),
        ("bind_rtp_to_media_address", "yes"),
        *((("media_address", address),) if address else ()),
        ("language", "zh"),
    )
