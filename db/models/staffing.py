"""Skills lent to seats for a time, and what the rule that calls seats in did and was told.

The skills that count stand in `seat.skills`; a row of `skill_loan` remembers what the seat had of
its own before, so that it can be taken back. One open loan a seat and queue.
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

skill_loan = Table(
    "skill_loan",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("seat_id", ForeignKey("seat.id"), nullable=False),
    Column("queue", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("own_level", Integer),
    Column("kind", Text, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("reason", Text, nullable=False),
    Column("from_ms", Ms, nullable=False),
    Column("until_ms", Ms, nullable=False),
    Column("open", Boolean),
    Column("ended_ms", Ms),
    Column("ended_why", Text),
    Column("ended_by", ForeignKey("account.id")),
    CheckConstraint("kind IN ('manual','resident','staffing')", name="kind"),
    # `open` is true or null, never false: nulls are not equal, so ended loans don't count.
    Index("uq_skill_loan_open", "seat_id", "queue", "open", unique=True),
    Index("ix_skill_loan_until", "open", "until_ms"),
)

staffing_rule = Table(
    "staffing_rule",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("until_ms", Ms),
    Column("account_id", ForeignKey("account.id")),
    Column("set_ms", Ms),
    Column("stepped_ms", Ms, nullable=False),
    CheckConstraint("mode IN ('auto','off','hold')", name="mode"),
)

staffing_step = Table(
    "staffing_step",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at_ms", Ms, nullable=False),
    Column("queue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("seat_id", ForeignKey("seat.id")),
    Column("account_id", ForeignKey("account.id")),
    Column("detail", JSON, nullable=False),
    Index("ix_staffing_step_queue", "queue", "at_ms"),
)
