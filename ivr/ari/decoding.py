"""From the bytes of a message to an event.

The common road is one pass of msgspec over a tagged union. Only what does not fit goes on to
the slow road, and from there only what is not a JSON object with a type is given up.
"""

import logging
from functools import reduce
from operator import or_

import msgspec
from msgspec import Struct

from .events import EVENTS, Event, UnknownEvent

log = logging.getLogger("ari")

_typed: msgspec.json.Decoder[Event] = msgspec.json.Decoder(reduce(or_, EVENTS.values()))


class _Named(Struct):
    id: str = ""


class _Envelope(Struct):
    type: str
    application: str = ""
    timestamp: str = ""


class _Subject(Struct):
    channel: _Named | None = None
    bridge: _Named | None = None
    playback: _Named | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_subject = msgspec.json.Decoder(_Subject)


def decode_event(message: bytes | bytearray) -> Event | None:
    """The event in a message; None, and a log line without content, if there is none."""
    try:
        return _typed.decode(message)
    except (msgspec.MsgspecError, UnicodeDecodeError) as misfit:
        return _decode_unknown(bytes(message), misfit)


def _decode_unknown(message: bytes, misfit: Exception) -> Event | None:
    try:
        envelope = _envelope.decode(message)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        log.warning("a message of %d bytes could not be decoded", len(message))
        return None
    if envelope.type in EVENTS:
        log.warning("%s does not fit its description: %s", envelope.type, misfit)
    return UnknownEvent(
        application=envelope.application,
        timestamp=envelope.timestamp,
        type=envelope.type,
        raw=message,
        about=_about(message),
    )


def _about(message: bytes) -> tuple[str, ...]:
    try:
        subject = _subject.decode(message)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ()
    things = (subject.channel, subject.bridge, subject.playback)
    return tuple(thing.id for thing in things if thing is not None and thing.id)
