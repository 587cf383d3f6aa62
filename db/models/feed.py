"""The change feed, requests from console to controller, and who controls which Asterisk."""

from sqlalchemy import JSON, Column, Index, Table, Text

from db.models.base import Ms, RowId, metadata

change = Table(
    "change",
    metadata,
    Column("seq", RowId, primary_key=True),
    Column("at_ms", Ms, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("data", JSON, nullable=False),
    # A number given once is never given again, even after the oldest rows are pruned.
    sqlite_autoincrement=True,
)

request = Table(
    "request",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", RowId, nullable=False),
    Column("call_id", Text),
    Column("verb", Text, nullable=False),
    Column("args", JSON, nullable=False),
    Column("state", Text, nullable=False, default="new"),
    Column("outcome", JSON),
    Column("taken_by", Text),
    Column("created_ms", Ms, nullable=False),
    Column("done_ms", Ms),
    Index("ix_request_state", "state", "id"),
)

controller = Table(
    "controller",
    metadata,
    Column("asterisk", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text),
    Column("started_ms", Ms, nullable=False),
    Column("beat_ms", Ms, nullable=False),
)
