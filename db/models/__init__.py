"""The tables, one file a noun. Times are UTC epoch milliseconds and end in `_ms`."""

from db.models.account import account, login_throttle, session
from db.models.base import metadata
from db.models.call import (
    blocked_number,
    call,
    call_event,
    kept_write,
    leg,
    leg_span,
    missed_call,
)
from db.models.feed import change, controller, request
from db.models.people import audit, expert, floor_message, floor_message_read, seat_page
from db.models.recording import recording, recording_access, recording_mark
from db.models.seat import seat, seat_history, seat_move
from db.models.staffing import skill_loan, staffing_rule, staffing_step
from db.models.ticket import ticket, ticket_day, ticket_event

__all__ = [
    "account",
    "audit",
    "blocked_number",
    "call",
    "call_event",
    "change",
    "controller",
    "expert",
    "floor_message",
    "floor_message_read",
    "kept_write",
    "leg",
    "leg_span",
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
    "seat_page",
    "session",
    "skill_loan",
    "staffing_rule",
    "staffing_step",
    "ticket",
    "ticket_day",
    "ticket_event",
]
