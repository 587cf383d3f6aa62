"""Tickets (工单), what happened to each, and what hangs on one.

`state` moves only along `ticket_move`; the columns beside it (`move`, `moved_by`, `why`,
`done_on`, `moved`) say of the last move what the database writes into `ticket_event` by
itself. `due_ms` is the open term's, so that one index serves lists and reminders.
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
    UniqueConstraint,
    text,
)

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
    # Of the last move; the database copies them into ticket_event.
    Column("state_ms", Ms, nullable=False, server_default="0"),
    Column("move", Text),
    Column("moved_by", RowId),
    Column("why", Text),
    Column("done_on", Text),
    Column("moved", JSON),
    # Whose it is and how it stands.
    Column("region", Text, nullable=False, server_default=""),
    Column("credit_code", Text),
    Column("unit_id", ForeignKey("unit.id")),
    Column("complained_unit_id", ForeignKey("unit.id")),
    Column("difficulty", Text),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("ruled", Boolean, nullable=False, server_default="0"),
    Column("rectified", Boolean, nullable=False, server_default="0"),
    Column("special", Boolean, nullable=False, server_default="0"),
    Column("returned", Integer, nullable=False, server_default="0"),
    Column("extended", Integer, nullable=False, server_default="0"),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("stars", Integer),
    Column("contacted_ms", Ms),
    Column("closed_ms", Ms),
    Column("due_ms", Ms),
    Column("due_kind", Text),
    Column("due_provisional", Boolean, nullable=False, server_default="0"),
    Column("left_days", Integer),
    Column("reply_internal", Text),
    Column("reply_public", Text),
    Column("merged_into", ForeignKey("ticket.id")),
    CheckConstraint("unit_id IS NULL OR unit_id <> complained_unit_id", name="not_its_own_judge"),
    CheckConstraint("stars IS NULL OR stars BETWEEN 1 AND 5", name="stars"),
    Index("ix_ticket_created", "created_ms"),
    Index("ix_ticket_owner", "account_id", "complete"),
    Index("ix_ticket_state", "state", "due_ms"),
    *(
        Index(f"ix_ticket_{name}", *columns, sqlite_where=given, postgresql_where=given)
        for name, given, columns in (
            ("unit", text("unit_id IS NOT NULL"), ("unit_id", "state", "due_ms")),
            ("due", text("due_ms IS NOT NULL"), ("due_ms",)),
            ("credit_code", text("credit_code IS NOT NULL"), ("credit_code",)),
            ("state_created", None, ("state", "created_ms")),
            ("class_created", None, ("content_class", "created_ms")),
            ("type_created", None, ("type", "created_ms")),
            ("unit_created", text("unit_id IS NOT NULL"), ("unit_id", "created_ms")),
            ("company", text("company <> ''"), ("company",)),
            ("repeats", text("repeats > 0"), ("repeats", "created_ms")),
            ("merged", text("merged_into IS NOT NULL"), ("merged_into",)),
        )
    ),
)

ticket_move = Table(
    "ticket_move",
    metadata,
    Column("move", Text, primary_key=True),
    Column("from_state", Text, primary_key=True),
    Column("to_state", Text, primary_key=True),
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
    # Of a move: kind is "moved".
    Column("move", Text),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("why", Text),
    Column("done_on", Text),
)

ticket_day = Table(
    "ticket_day",
    metadata,
    Column("day", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)

ticket_contact = Table(
    "ticket_contact",
    metadata,
    Column("ticket_id", ForeignKey("ticket.id"), primary_key=True),
    Column("name_sealed", Text),
    Column("number_sealed", Text),
    Column("number_hash", Text, index=True),
    Column("number_masked", Text),
    Column("at_ms", Ms, nullable=False),
)

ticket_term = Table(
    "ticket_term",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("unit_id", ForeignKey("unit.id")),
    Column("from_ms", Ms, nullable=False),
    Column("days", Integer, nullable=False),
    Column("natural", Boolean, nullable=False, default=False),
    Column("due_ms", Ms, nullable=False),
    Column("first_due_ms", Ms, nullable=False),
    Column("provisional", Boolean, nullable=False, default=False),
    Column("ended_ms", Ms),
    Column("met", Boolean),
    CheckConstraint(
        "kind IN ('dispatch','accept','done','approve','follow_up','supervise','rectify')",
        name="kind",
    ),
    Index("ix_ticket_term_due", "kind", "due_ms"),
    Index(
        "ix_ticket_term_open",
        "due_ms",
        sqlite_where=text("ended_ms IS NULL"),
        postgresql_where=text("ended_ms IS NULL"),
    ),
)

ticket_assist = Table(
    "ticket_assist",
    metadata,
    Column("ticket_id", ForeignKey("ticket.id"), primary_key=True),
    Column("unit_id", ForeignKey("unit.id"), primary_key=True, index=True),
    Column("asked_ms", Ms, nullable=False),
    Column("done_ms", Ms),
    Column("text", Text),
    Column("account_id", ForeignKey("account.id")),
)

ticket_ask = Table(
    "ticket_ask",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("form", JSON, nullable=False),
    Column("asked_by", ForeignKey("account.id"), nullable=False),
    Column("asked_ms", Ms, nullable=False),
    Column("open", Boolean),
    Column("agreed", Boolean),
    Column("answer", Text),
    Column("answered_by", ForeignKey("account.id")),
    Column("answered_ms", Ms),
    CheckConstraint("kind IN ('return','extension','suspension','termination')", name="kind"),
    # NULLs are distinct: one open wish of a kind at a time, any number of answered ones.
    UniqueConstraint("ticket_id", "kind", "open", name="uq_ticket_ask_open"),
    Index("ix_ticket_ask_open", "open", "kind"),
)

ticket_paper = Table(
    "ticket_paper",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("number", Text, unique=True),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("drafted_by", ForeignKey("account.id"), nullable=False),
    Column("drafted_ms", Ms, nullable=False),
    Column("signed_by", ForeignKey("account.id")),
    Column("signed_ms", Ms),
    Column("answer", Text),
    CheckConstraint(
        "kind IN ('minutes','finding','rectification_letter','rectification_report',"
        "'special_report','discipline_report','outcome')",
        name="kind",
    ),
    CheckConstraint("state IN ('to_sign','signed','sent_back','kept')", name="state"),
    Index("ix_ticket_paper_state", "state", "kind"),
)

ticket_rating = Table(
    "ticket_rating",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("rectified", Boolean, nullable=False),
    Column("unit_id", ForeignKey("unit.id")),
    Column("stars", Integer),
    Column("how", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("at_ms", Ms, nullable=False),
    CheckConstraint("how IN ('person','ivr','sms')", name="how"),
    CheckConstraint("stars IS NULL OR stars BETWEEN 1 AND 5", name="stars"),
    Index("ix_ticket_rating_at", "at_ms"),
)

ticket_list = Table(
    "ticket_list",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("list", Text, nullable=False),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("unit_id", ForeignKey("unit.id")),
    Column("round", Integer, nullable=False),
    Column("opened_ms", Ms, nullable=False),
    Column("closed_ms", Ms),
    Column("note", Text, nullable=False, default=""),
    CheckConstraint("list IN ('poor','responsibility','rectification')", name="list"),
    Index("ix_ticket_list_open", "list", "closed_ms"),
)

ticket_attachment = Table(
    "ticket_attachment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("media", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("unit_id", ForeignKey("unit.id")),
    Column("at_ms", Ms, nullable=False),
    Column("removed_ms", Ms),
)

ticket_reminder = Table(
    "ticket_reminder",
    metadata,
    Column("term_id", ForeignKey("ticket_term.id"), primary_key=True),
    Column("step", Text, primary_key=True),
    Column("due_ms", Ms, primary_key=True),
    Column("at_ms", Ms, nullable=False),
)

ticket_words = Table(
    "ticket_words",
    metadata,
    Column("ticket_id", ForeignKey("ticket.id"), primary_key=True),
    Column("words", Text, nullable=False),
    # Its units, class and type as words, each after a blank.
    Column("tags", Text, nullable=False, server_default=""),
)
