"""What the administrator keeps: units (承办单位), people's duties, classes, catalogue, calendar."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Table,
    Text,
)

from db.models.base import Ms, RowId, metadata

unit = Table(
    "unit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("parent_id", ForeignKey("unit.id"), index=True),
    Column("region", Text, nullable=False, default=""),
    Column("open", Boolean, nullable=False, default=True),
    Column("duty_name", Text, nullable=False, default=""),
    Column("duty_sealed", Text),
    Column("duty_masked", Text),
    Column("addresses", JSON, nullable=False),
    Column("version", Integer, nullable=False, default=1),
)

unit_member = Table(
    "unit_member",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("unit_id", ForeignKey("unit.id"), nullable=False, index=True),
    Column("head", Boolean, nullable=False, default=False),
)

account_duty = Table(
    "account_duty",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("duty", Text, primary_key=True),
    CheckConstraint(
        "duty IN ('dispatch','office','approve','follow_up','supervise','sign')", name="duty"
    ),
)

ticket_class = Table(
    "ticket_class",
    metadata,
    Column("code", Text, primary_key=True),
    Column("parent", ForeignKey("ticket_class.code"), index=True),
    Column("label", Text, nullable=False),
    Column("place", Integer, nullable=False, default=0),
    Column("open", Boolean, nullable=False, default=True),
    # A law's own periods: working days to pass on, natural days to handle and at most.
    Column("pass_on_days", Integer),
    Column("handle_days", Integer),
    Column("handle_most_days", Integer),
    Column("basis", Text, nullable=False, default=""),
    Column("version", Integer, nullable=False, default=1),
)

dispatch_rule = Table(
    "dispatch_rule",
    metadata,
    Column("class_code", ForeignKey("ticket_class.code"), primary_key=True),
    Column("region", Text, primary_key=True),
    Column("unit_id", ForeignKey("unit.id"), nullable=False),
    Column("assisting", JSON, nullable=False),
    Column("version", Integer, nullable=False, default=1),
)

period = Table(
    "period",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("at_ms", Ms, nullable=False),
)

place_text = Table(
    "place_text",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("at_ms", Ms, nullable=False),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("region", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("announced", Boolean, nullable=False),
    CheckConstraint("kind IN ('work','half','off')", name="kind"),
)

mark = Table(
    "mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("at_ms", Ms, nullable=False),
)
"""Small facts of the whole place: the calendar's stamp, who sweeps."""

intake_key = Table(
    "intake_key",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("created_ms", Ms, nullable=False),
    Column("created_by", ForeignKey("account.id"), nullable=False),
    Column("used_ms", Ms),
    Column("closed_ms", Ms),
)

intake_seen = Table(
    "intake_seen",
    metadata,
    # An intake_key, or 0 for the page of the web.
    Column("key_id", RowId, primary_key=True, autoincrement=False),
    Column("foreign_id", Text, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False),
)
