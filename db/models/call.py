"""Calls, their steps and legs; who gave up; whom we do not take calls from.

A caller's number is kept sealed (encrypted), found again by a keyed hash and shown masked.
"""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Table, Text

from db.models.base import Ms, RowId, metadata

call = Table(
    "call",
    metadata,
    Column("id", Text, primary_key=True),
    Column("asterisk", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("caller_hash", Text, nullable=False, index=True),
    Column("caller_sealed", Text, nullable=False),
    Column("caller_masked", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("queue", Text),
    Column("first_queue", Text),
    Column("channel", Text, nullable=False),
    Column("seat_id", ForeignKey("seat.id")),
    Column("seat_channel", Text),
    Column("bridge", Text),
    Column("started_ms", Ms, nullable=False),
    Column("queued_ms", Ms),
    Column("talk_ms", Ms),
    Column("ended_ms", Ms),
    Column("end_reason", Text),
    Column("callback_ms", Ms),
    Column("held", Boolean, nullable=False, default=False),
    Column("recording_paused", Boolean, nullable=False, default=False),
    Column("ticket_id", RowId),
    Index("ix_call_started", "started_ms"),
    Index("ix_call_open", "asterisk", "ended_ms"),
)

call_event = Table(
    "call_event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", ForeignKey("call.id"), nullable=False, index=True),
    Column("at_ms", Ms, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)

leg = Table(
    "leg",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("call.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("seat_id", ForeignKey("seat.id")),
    Column("started_ms", Ms, nullable=False),
    Column("answered_ms", Ms),
    Column("ended_ms", Ms),
    Column("cause", Text),
)

missed_call = Table(
    "missed_call",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", ForeignKey("call.id"), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("queue", Text),
    Column("state", Text, nullable=False, default="open"),
    Column("created_ms", Ms, nullable=False),
    Column("done_ms", Ms),
    Column("done_by", ForeignKey("account.id")),
    Column("note", Text),
    Index("ix_missed_call_state", "state", "created_ms"),
)

blocked_number = Table(
    "blocked_number",
    metadata,
    Column("caller_hash", Text, primary_key=True),
    Column("caller_masked", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_ms", Ms, nullable=False),
    Column("until_ms", Ms),
    Column("account_id", ForeignKey("account.id")),
)
