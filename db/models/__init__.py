"""The tables, one file a noun. Times are UTC epoch milliseconds and end in `_ms`."""

from db.models.account import account, login_throttle, session
from db.models.base import metadata
from db.models.call import blocked_number, call, call_event, leg, missed_call
from db.models.feed import change, controller, request
from db.models.recording import recording, recording_access, recording_mark
from db.models.seat import seat, seat_history, seat_move
from db.models.ticket import ticket, ticket_day, ticket_event

__all__ = [
    "account",
    "blocked_number",
    "call",
    "call_event",
    "change",
    "controller",
    "leg",
    "login_throttle",
    "metadata",
    "missed_call",
    "recording",
    "recording_access",
    "recording_mark",
    "request",
    "seat",
    "seat_history",
    "seat_move",
    "session",
    "ticket",
    "ticket_day",
    "ticket_event",
]
