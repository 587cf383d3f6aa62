"""Digests of suggestions: of a month kept, of a quarter signed and reported (Q二(二)1)."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Integer, Table, Text

from db.models.base import Ms, RowId, metadata

digest = Table(
    "digest",
    metadata,
    Column("id", RowId, primary_key=True),
    # 2026-10 or 2026-Q4
    Column("period", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    # The figures as they were when it was kept or signed: a report goes on saying what it said.
    Column("figures", JSON),
    Column("number", Text, unique=True),
    Column("answer", Text, nullable=False, default=""),
    Column("drafted_by", ForeignKey("account.id"), nullable=False),
    Column("drafted_ms", Ms, nullable=False),
    Column("ended_by", ForeignKey("account.id")),
    Column("ended_ms", Ms),
    Column("version", Integer, nullable=False, default=1),
    CheckConstraint("state IN ('draft','to_sign','kept','signed')", name="state"),
)
