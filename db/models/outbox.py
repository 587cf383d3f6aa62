"""Notices that are to leave the house: written with the move that causes them, sent by workers."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from db.models.base import Ms, RowId, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    # The same notice is never written twice, and a channel that can is told it at each try.
    Column("key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("args", JSON, nullable=False),
    Column("ticket_id", ForeignKey("ticket.id"), index=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_ms", Ms, nullable=False),
    Column("taken_by", Text),
    Column("taken_until_ms", Ms),
    Column("reference", Text),
    Column("error", Text),
    Column("created_ms", Ms, nullable=False),
    Column("done_ms", Ms),
    CheckConstraint("state IN ('waiting','sending','sent','failed','dropped')", name="state"),
    Index("ix_outbox_due", "state", "next_ms"),
    Index("ix_outbox_taken", "taken_until_ms"),
    Index("ix_outbox_reference", "reference"),
)
