"""Tickets (工单), their history, and the day's last number."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from db.models.base import Ms, RowId, metadata

ticket = Table(
    "ticket",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("call_id", ForeignKey("call.id"), index=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("account_id", ForeignKey("account.id")),
    Column("caller_hash", Text, nullable=False, index=True),
    Column("caller_masked", Text, nullable=False),
    Column("type", Text),
    Column("content_class", Text),
    Column("company", Text, nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("disposition", Text),
    Column("complete", Boolean, nullable=False, default=False),
    Column("created_ms", Ms, nullable=False),
    Column("updated_ms", Ms, nullable=False),
    Index("ix_ticket_created", "created_ms"),
    Index("ix_ticket_owner", "account_id", "complete"),
)

ticket_event = Table(
    "ticket_event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("at_ms", Ms, nullable=False),
    Column("kind", Text, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("detail", JSON, nullable=False),
)

ticket_day = Table(
    "ticket_day",
    metadata,
    Column("day", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)
