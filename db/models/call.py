"""Calls, their steps and legs; who gave up; whom we do not take calls from.

A caller's number is kept sealed (encrypted), found again by a keyed hash and shown masked.
`leg_span` says what each leg was doing from when to when: every duration is a sum of spans.
`kept_write` names the writes that had to wait for the database, so that none is made twice.
"""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Table, Text, false, text

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
    Column("direction", Text, nullable=False, server_default="in"),
    Column("owner_seat_id", RowId),
    Column("conversation", JSON),
    Column("head", Boolean, nullable=False, server_default=false()),
    Column("hint", Text),
    Column("waiting_ms", Ms),
    Index("ix_call_started", "started_ms"),
    Index("ix_call_open", "asterisk", "ended_ms"),
    Index("ix_call_ended", "ended_ms"),
    Index(
        "ix_call_ticket",
        "ticket_id",
        sqlite_where=text("ticket_id IS NOT NULL"),
        postgresql_where=text("ticket_id IS NOT NULL"),
    ),
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
    Column("kind", Text),
    Column("label", Text),
    Column("expert_id", RowId),
    Column("account_id", RowId),
)

leg_span = Table(
    "leg_span",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", ForeignKey("call.id"), nullable=False, index=True),
    Column("leg_id", Text, nullable=False),
    Column("seat_id", RowId),
    Column("what", Text, nullable=False),
    Column("from_ms", Ms, nullable=False),
    Column("to_ms", Ms),
    Index("ix_leg_span_seat", "seat_id", "from_ms"),
)

kept_write = Table(
    "kept_write",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at_ms", Ms, nullable=False),
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
