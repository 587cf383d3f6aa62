"""Seats (专席), their skills (`{queue: level}`), and each change of their state.

`seat_move` holds the legal moves; triggers refuse any other and write
`seat_history` by themselves, so no code can change a state unseen.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from db.models.base import Ms, RowId, metadata

STATES = (
    "offline",
    "available",
    "reserved",
    "ringing",
    "talking",
    "wrap_up",
    "paused",
    "no_answer",
)

seat = Table(
    "seat",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("skills", JSON, nullable=False),
    Column("state", Text, nullable=False, default="offline"),
    Column("since_ms", Ms, nullable=False),
    Column("reason", Text),
    Column("call_id", Text),
    Column("idle_since_ms", Ms),
    Column("offered_ms", Ms, nullable=False, default=0),
    Column("wrap_up_until_ms", Ms),
    Column("after_call", Text),
    Column("phone_ready", Boolean, nullable=False, default=False),
    Column("version", Integer, nullable=False, default=0),
    CheckConstraint("state IN ({})".format(",".join(f"'{s}'" for s in STATES)), name="state"),
    CheckConstraint(
        "state NOT IN ('reserved','ringing','talking') OR call_id IS NOT NULL", name="call"
    ),
)

seat_move = Table(
    "seat_move",
    metadata,
    Column("from_state", Text, primary_key=True),
    Column("to_state", Text, primary_key=True),
)

seat_history = Table(
    "seat_history",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("seat_id", ForeignKey("seat.id"), nullable=False),
    Column("at_ms", Ms, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("reason", Text),
    Column("call_id", Text),
    Index("ix_seat_history_seat_at", "seat_id", "at_ms"),
    Index("ix_seat_history_at", "at_ms"),
)
