"""The catalogue of recordings, pauses within them, and who listened."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from db.models.base import Ms, RowId, metadata

recording = Table(
    "recording",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", ForeignKey("call.id"), nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("path", Text),
    Column("format", Text),
    Column("length_ms", Ms),
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
    Column("problem", Text),
    Column("started_ms", Ms, nullable=False),
    Column("filed_ms", Ms),
    Index("ix_recording_state", "state"),
)

recording_mark = Table(
    "recording_mark",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("recording_id", ForeignKey("recording.id"), nullable=False, index=True),
    Column("at_ms", Ms, nullable=False),
    Column("kind", Text, nullable=False),
)

recording_access = Table(
    "recording_access",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("recording_id", ForeignKey("recording.id"), nullable=False, index=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("at_ms", Ms, nullable=False),
)
