"""People around a call: experts of the departments, notices to the floor, who did what there.

An expert's number is kept sealed and shown masked, as a caller's is. `seat_page` names the
page that holds a seat's telephone, so that a new page is told from one that connects again.
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

expert = Table(
    "expert",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", ForeignKey("account.id"), unique=True),
    Column("seat_id", ForeignKey("seat.id")),
    Column("name", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("number_sealed", Text),
    Column("number_masked", Text),
    Column("on_duty", Boolean, nullable=False),
    Column("until_ms", Ms),
    Column("ring", Text, nullable=False),
    Column("since_ms", Ms, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "(ring = 'seat' AND seat_id IS NOT NULL) OR "
        "(ring = 'number' AND number_sealed IS NOT NULL AND number_masked IS NOT NULL)",
        name="ring",
    ),
)

floor_message = Table(
    "floor_message",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at_ms", Ms, nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("to_seat_id", ForeignKey("seat.id"), index=True),
)

floor_message_read = Table(
    "floor_message_read",
    metadata,
    Column("message_id", ForeignKey("floor_message.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("at_ms", Ms, nullable=False),
)

seat_page = Table(
    "seat_page",
    metadata,
    Column("seat_id", ForeignKey("seat.id"), primary_key=True),
    Column("page", Text),
    Column("at_ms", Ms, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at_ms", Ms, nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("ix_audit_at", "at_ms"),
    Index("ix_audit_subject", "subject"),
)
