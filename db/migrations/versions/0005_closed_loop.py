"""The closed loop of a ticket: units, classes, calendar, terms, wishes, papers, ratings, notices.

The database refuses a move that `ticket_move` does not name, and keeps the history by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MS = sa.BigInteger()

# The legal moves of a ticket. `tickets.moves` names the same ones; a test holds them together.
TICKET_MOVES = (
    ("answer", "draft", "closed"),
    ("reject", "draft", "rejected"),
    ("merge", "draft", "merged"),
    ("merge", "to_dispatch", "merged"),
    ("submit", "draft", "to_dispatch"),
    ("dispatch", "to_dispatch", "to_accept"),
    ("review", "to_dispatch", "in_review"),
    ("rule", "in_review", "to_accept"),
    ("accept", "to_accept", "in_progress"),
    ("agree_return", "to_accept", "to_dispatch"),
    ("suspend", "in_progress", "suspended"),
    ("resume", "suspended", "in_progress"),
    ("reply", "in_progress", "to_approve"),
    ("send_back", "to_approve", "in_progress"),
    ("approve", "to_approve", "to_follow_up"),
    ("settle", "to_follow_up", "closed"),
    ("again", "to_follow_up", "to_accept"),
    ("escalate", "to_follow_up", "supervision_review"),
    ("order_rectification", "supervision_review", "rectifying"),
    ("dismiss", "supervision_review", "closed"),
    ("rectify", "rectifying", "to_follow_up"),
    ("report_to_discipline", "rectifying", "reported_to_discipline"),
    ("report_to_discipline", "to_follow_up", "reported_to_discipline"),
    ("conclude", "reported_to_discipline", "closed"),
    ("archive", "closed", "archived"),
    ("archive", "rejected", "archived"),
    ("archive", "merged", "archived"),
    ("archive", "terminated", "archived"),
    ("terminate", "in_progress", "terminated"),
)

NO_SUCH_MOVE = """NOT EXISTS (SELECT 1 FROM ticket_move WHERE move = NEW.move
    AND from_state = OLD.state AND to_state = NEW.state)"""
# What no page and no code may bring about, in words and as a condition on OLD and NEW.
GUARDS = (
    ("illegal move of a ticket", NO_SUCH_MOVE),
    (
        "no unit has this ticket",
        """NEW.unit_id IS NULL AND NEW.state IN
        ('to_accept','in_progress','suspended','to_approve','to_follow_up','rectifying')""",
    ),
    ("a ruled unit may not return it", "NEW.move = 'agree_return' AND OLD.ruled"),  # Y二(四)
    (
        "round 2 goes to the same unit, once, and never after a rectification",  # Y二(五)
        """NEW.move = 'again' AND (OLD.rectified OR OLD.round <> 1 OR NEW.round <> 2
        OR NEW.unit_id <> OLD.unit_id)""",
    ),
    (
        "a rectification is closed by a caller who is satisfied",  # Q二(二)4
        """NEW.move = 'settle' AND OLD.rectified AND (NEW.stars IS NULL OR NEW.stars < 3)""",
    ),
    (
        "a letter of rectification needs a signed finding",  # Y二(五)
        """NEW.move = 'order_rectification' AND NOT EXISTS (SELECT 1 FROM ticket_paper
        WHERE ticket_id = NEW.id AND kind = 'finding' AND state = 'signed'
        AND round = NEW.round)""",
    ),
    (
        "a report to the discipline inspection needs a signature",  # Y二(五)
        """NEW.move = 'report_to_discipline' AND NOT EXISTS (SELECT 1 FROM ticket_paper
        WHERE ticket_id = NEW.id AND kind = 'discipline_report' AND state = 'signed')""",
    ),
)
KEPT_FOR_GOOD = ("ticket_event", "audit")
HISTORY = """INSERT INTO ticket_event (ticket_id, at_ms, kind, account_id, detail, move,
    from_state, to_state, why, done_on)
    VALUES (NEW.id, NEW.state_ms, 'moved', NEW.moved_by, COALESCE(NEW.moved, '{}'), NEW.move,
    OLD.state, NEW.state, NEW.why, NEW.done_on);"""

# Written by hand: SQLite takes a reference or a check only together with its column.
REFERENCES = (
    "unit_id {row_id} CONSTRAINT fk_ticket_unit_id_unit REFERENCES unit (id)",
    """complained_unit_id {row_id}
    CONSTRAINT fk_ticket_complained_unit_id_unit REFERENCES unit (id)
    CONSTRAINT ck_ticket_not_its_own_judge CHECK (unit_id IS NULL OR unit_id <> complained_unit_id)""",
    "merged_into {row_id} CONSTRAINT fk_ticket_merged_into_ticket REFERENCES ticket (id)",
    "stars INTEGER CONSTRAINT ck_ticket_stars CHECK (stars IS NULL OR stars BETWEEN 1 AND 5)",
)


def upgrade() -> None:
    create_units()
    create_loop()
    add_columns()
    moves = sa.table("ticket_move", *(sa.column(c) for c in ("move", "from_state", "to_state")))
    op.bulk_insert(moves, [{"move": m, "from_state": a, "to_state": b} for m, a, b in TICKET_MOVES])
    op.execute("UPDATE ticket SET state_ms = updated_ms")
    op.execute("UPDATE ticket SET closed_ms = updated_ms WHERE state IN ('closed', 'rejected')")
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        guard_postgres()


def guard_sqlite() -> None:
    op.execute(
        """CREATE TRIGGER ticket_begins BEFORE INSERT ON ticket WHEN NEW.state <> 'draft'
        BEGIN SELECT RAISE(ABORT, 'a ticket begins as a draft'); END"""
    )
    for number, (words, condition) in enumerate(GUARDS):
        op.execute(
            f"""CREATE TRIGGER ticket_guard_{number} BEFORE UPDATE OF state ON ticket
            WHEN OLD.state <> NEW.state AND ({condition})
            BEGIN SELECT RAISE(ABORT, '{words}'); END"""
        )
    op.execute(
        f"""CREATE TRIGGER ticket_keeps_history AFTER UPDATE OF state ON ticket
        WHEN OLD.state <> NEW.state BEGIN {HISTORY} END"""
    )
    for table in KEPT_FOR_GOOD:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
                BEGIN SELECT RAISE(ABORT, 'history is kept as it was written'); END"""
            )


def guard_postgres() -> None:
    raising = "RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation';"
    checks = "\n".join(
        f"IF {condition} THEN {raising.format(words=words)} END IF;" for words, condition in GUARDS
    )
    bodies = {
        "ticket_begins": f"IF NEW.state <> 'draft' THEN {raising.format(words='a ticket begins as a draft')} END IF; RETURN NEW;",
        "ticket_moved": f"{checks} {HISTORY} RETURN NEW;",
        "kept_for_good": raising.format(words="history is kept as it was written"),
    }
    for name, body in bodies.items():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
    op.execute(
        """CREATE TRIGGER ticket_begins BEFORE INSERT ON ticket FOR EACH ROW
        EXECUTE FUNCTION ticket_begins()"""
    )
    op.execute(
        """CREATE TRIGGER ticket_moved BEFORE UPDATE OF state ON ticket FOR EACH ROW
        WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION ticket_moved()"""
    )
    for table in KEPT_FOR_GOOD:
        op.execute(
            f"""CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW
            EXECUTE FUNCTION kept_for_good()"""
        )


def create_units() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('work','half','off')", name=op.f("ck_calendar_day_kind")),
        sa.PrimaryKeyConstraint("region", "day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "ticket_class",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("pass_on_days", sa.Integer(), nullable=True),
        sa.Column("handle_days", sa.Integer(), nullable=True),
        sa.Column("handle_most_days", sa.Integer(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"], ["ticket_class.code"], name=op.f("fk_ticket_class_parent_ticket_class")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ticket_class")),
    )
    op.create_index(op.f("ix_ticket_class_parent"), "ticket_class", ["parent"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", ROW_ID, nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("duty_name", sa.Text(), nullable=False),
        sa.Column("duty_sealed", sa.Text(), nullable=True),
        sa.Column("duty_masked", sa.Text(), nullable=True),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
    )
    op.create_index(op.f("ix_unit_parent_id"), "unit", ["parent_id"], unique=False)
    op.create_table(
        "account_duty",
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "duty IN ('dispatch','office','approve','follow_up','supervise','sign')",
            name=op.f("ck_account_duty_duty"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_duty_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "duty", name=op.f("pk_account_duty")),
    )
    op.create_table(
        "dispatch_rule",
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("assisting", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_code"],
            ["ticket_class.code"],
            name=op.f("fk_dispatch_rule_class_code_ticket_class"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_dispatch_rule_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("class_code", "region", name=op.f("pk_dispatch_rule")),
    )
    op.create_table(
        "intake_key",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("created_ms", MS, nullable=False),
        sa.Column("created_by", ROW_ID, nullable=False),
        sa.Column("used_ms", MS, nullable=True),
        sa.Column("closed_ms", MS, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_intake_key_created_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_intake_key_key_hash")),
    )
    op.create_table(
        "period",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("at_ms", MS, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_period_account_id_account")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_period")),
    )
    op.create_table(
        "mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("at_ms", MS, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mark")),
    )
    op.create_table(
        "place_text",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("at_ms", MS, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_place_text_account_id_account")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_place_text")),
    )
    op.create_table(
        "unit_member",
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("head", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_unit_member_account_id_account")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_member_unit_id_unit")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_unit_member")),
    )
    op.create_index(op.f("ix_unit_member_unit_id"), "unit_member", ["unit_id"], unique=False)


def create_loop() -> None:
    op.create_table(
        "ticket_move",
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("move", "from_state", "to_state", name=op.f("pk_ticket_move")),
    )
    op.create_table(
        "intake_seen",
        sa.Column("key_id", ROW_ID, nullable=False),
        sa.Column("foreign_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_intake_seen_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("key_id", "foreign_id", name=op.f("pk_intake_seen")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_ms", MS, nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("taken_until_ms", MS, nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_ms", MS, nullable=False),
        sa.Column("done_ms", MS, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','sending','sent','failed','dropped')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_outbox_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_ms"], unique=False)
    op.create_index(op.f("ix_outbox_ticket_id"), "outbox", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_ask",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("asked_by", ROW_ID, nullable=False),
        sa.Column("asked_ms", MS, nullable=False),
        sa.Column("open", sa.Boolean(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", ROW_ID, nullable=True),
        sa.Column("answered_ms", MS, nullable=True),
        sa.CheckConstraint(
            "kind IN ('return','extension','suspension','termination')",
            name=op.f("ck_ticket_ask_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["account.id"], name=op.f("fk_ticket_ask_answered_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["account.id"], name=op.f("fk_ticket_ask_asked_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_ask_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_ask")),
        sa.UniqueConstraint("ticket_id", "kind", "open", name="uq_ticket_ask_open"),
    )
    op.create_index("ix_ticket_ask_open", "ticket_ask", ["open", "kind"], unique=False)
    op.create_index(op.f("ix_ticket_ask_ticket_id"), "ticket_ask", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_assist",
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("asked_ms", MS, nullable=False),
        sa.Column("done_ms", MS, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_ticket_assist_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_assist_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_ticket_assist_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "unit_id", name=op.f("pk_ticket_assist")),
    )
    op.create_index(op.f("ix_ticket_assist_unit_id"), "ticket_assist", ["unit_id"], unique=False)
    op.create_table(
        "ticket_attachment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("unit_id", ROW_ID, nullable=True),
        sa.Column("at_ms", MS, nullable=False),
        sa.Column("removed_ms", MS, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_ticket_attachment_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_attachment_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_ticket_attachment_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_attachment")),
    )
    op.create_index(
        op.f("ix_ticket_attachment_ticket_id"), "ticket_attachment", ["ticket_id"], unique=False
    )
    op.create_table(
        "ticket_contact",
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=True),
        sa.Column("number_sealed", sa.Text(), nullable=True),
        sa.Column("number_hash", sa.Text(), nullable=True),
        sa.Column("number_masked", sa.Text(), nullable=True),
        sa.Column("at_ms", MS, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_contact_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_contact")),
    )
    op.create_index(
        op.f("ix_ticket_contact_number_hash"), "ticket_contact", ["number_hash"], unique=False
    )
    op.create_table(
        "ticket_list",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("opened_ms", MS, nullable=False),
        sa.Column("closed_ms", MS, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "list IN ('poor','responsibility','rectification')", name=op.f("ck_ticket_list_list")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_list_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_list_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_list")),
    )
    op.create_index("ix_ticket_list_open", "ticket_list", ["list", "closed_ms"], unique=False)
    op.create_index(op.f("ix_ticket_list_ticket_id"), "ticket_list", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_paper",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("drafted_by", ROW_ID, nullable=False),
        sa.Column("drafted_ms", MS, nullable=False),
        sa.Column("signed_by", ROW_ID, nullable=True),
        sa.Column("signed_ms", MS, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('minutes','finding','rectification_letter','rectification_report','special_report','discipline_report','outcome')",
            name=op.f("ck_ticket_paper_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('to_sign','signed','sent_back','kept')", name=op.f("ck_ticket_paper_state")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by"], ["account.id"], name=op.f("fk_ticket_paper_drafted_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["account.id"], name=op.f("fk_ticket_paper_signed_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_paper_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_paper")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_paper_number")),
    )
    op.create_index("ix_ticket_paper_state", "ticket_paper", ["state", "kind"], unique=False)
    op.create_index(op.f("ix_ticket_paper_ticket_id"), "ticket_paper", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_rating",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rectified", sa.Boolean(), nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("at_ms", MS, nullable=False),
        sa.CheckConstraint("how IN ('person','ivr','sms')", name=op.f("ck_ticket_rating_how")),
        sa.CheckConstraint(
            "stars IS NULL OR stars BETWEEN 1 AND 5", name=op.f("ck_ticket_rating_stars")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_ticket_rating_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_rating_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_ticket_rating_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_rating")),
    )
    op.create_index("ix_ticket_rating_at", "ticket_rating", ["at_ms"], unique=False)
    op.create_index(
        op.f("ix_ticket_rating_ticket_id"), "ticket_rating", ["ticket_id"], unique=False
    )
    op.create_table(
        "ticket_term",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=True),
        sa.Column("from_ms", MS, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("natural", sa.Boolean(), nullable=False),
        sa.Column("due_ms", MS, nullable=False),
        sa.Column("first_due_ms", MS, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("ended_ms", MS, nullable=True),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('dispatch','accept','done','approve','follow_up','supervise','rectify')",
            name=op.f("ck_ticket_term_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_term_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_term_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_term")),
    )
    op.create_index(
        "ix_ticket_term_open",
        "ticket_term",
        ["due_ms"],
        unique=False,
        sqlite_where=sa.text("ended_ms IS NULL"),
        postgresql_where=sa.text("ended_ms IS NULL"),
    )
    op.create_index("ix_ticket_term_due", "ticket_term", ["kind", "due_ms"], unique=False)
    op.create_index(op.f("ix_ticket_term_ticket_id"), "ticket_term", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_words",
        sa.Column("ticket_id", ROW_ID, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_words_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_words")),
    )
    op.create_table(
        "ticket_reminder",
        sa.Column("term_id", ROW_ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("due_ms", MS, nullable=False),
        sa.Column("at_ms", MS, nullable=False),
        sa.ForeignKeyConstraint(
            ["term_id"], ["ticket_term.id"], name=op.f("fk_ticket_reminder_term_id_ticket_term")
        ),
        sa.PrimaryKeyConstraint("term_id", "step", "due_ms", name=op.f("pk_ticket_reminder")),
    )


def add_columns() -> None:
    row_id = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for reference in REFERENCES:
        op.execute(f"ALTER TABLE ticket ADD COLUMN {reference.format(row_id=row_id)}")
    op.add_column("ticket", sa.Column("state_ms", MS, server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("move", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("moved_by", ROW_ID, nullable=True))
    op.add_column("ticket", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("done_on", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("moved", sa.JSON(), nullable=True))
    op.add_column("ticket", sa.Column("region", sa.Text(), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("credit_code", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("difficulty", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("round", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("ruled", sa.Boolean(), server_default="0", nullable=False))
    op.add_column(
        "ticket", sa.Column("rectified", sa.Boolean(), server_default="0", nullable=False)
    )
    op.add_column("ticket", sa.Column("special", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("returned", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("extended", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("repeats", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("contacted_ms", MS, nullable=True))
    op.add_column("ticket", sa.Column("closed_ms", MS, nullable=True))
    op.add_column("ticket", sa.Column("due_ms", MS, nullable=True))
    op.add_column("ticket", sa.Column("due_kind", sa.Text(), nullable=True))
    op.add_column(
        "ticket", sa.Column("due_provisional", sa.Boolean(), server_default="0", nullable=False)
    )
    op.add_column("ticket", sa.Column("left_days", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("reply_internal", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("reply_public", sa.Text(), nullable=True))
    op.add_column("ticket_event", sa.Column("move", sa.Text(), nullable=True))
    op.add_column("ticket_event", sa.Column("from_state", sa.Text(), nullable=True))
    op.add_column("ticket_event", sa.Column("to_state", sa.Text(), nullable=True))
    op.add_column("ticket_event", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("ticket_event", sa.Column("done_on", sa.Text(), nullable=True))
    op.create_index(
        "ix_ticket_credit_code",
        "ticket",
        ["credit_code"],
        unique=False,
        sqlite_where=sa.text("credit_code IS NOT NULL"),
        postgresql_where=sa.text("credit_code IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_due",
        "ticket",
        ["due_ms"],
        unique=False,
        sqlite_where=sa.text("due_ms IS NOT NULL"),
        postgresql_where=sa.text("due_ms IS NOT NULL"),
    )
    op.create_index("ix_ticket_state", "ticket", ["state", "due_ms"], unique=False)
    op.create_index(
        "ix_ticket_unit",
        "ticket",
        ["unit_id", "state", "due_ms"],
        unique=False,
        sqlite_where=sa.text("unit_id IS NOT NULL"),
        postgresql_where=sa.text("unit_id IS NOT NULL"),
    )


ADDED = {
    "ticket": (
        "state_ms",
        "move",
        "moved_by",
        "why",
        "done_on",
        "moved",
        "region",
        "credit_code",
        "difficulty",
        "round",
        "ruled",
        "rectified",
        "special",
        "returned",
        "extended",
        "repeats",
        "tries",
        "contacted_ms",
        "closed_ms",
        "due_ms",
        "due_kind",
        "due_provisional",
        "left_days",
        "reply_internal",
        "reply_public",
        "merged_into",
        "complained_unit_id",
        "unit_id",
    ),
    "ticket_event": ("move", "from_state", "to_state", "why", "done_on"),
}
TABLES = (
    "ticket_reminder",
    "ticket_words",
    "ticket_term",
    "ticket_rating",
    "ticket_paper",
    "ticket_list",
    "ticket_contact",
    "ticket_attachment",
    "ticket_assist",
    "ticket_ask",
    "outbox",
    "intake_seen",
    "unit_member",
    "place_text",
    "mark",
    "period",
    "intake_key",
    "dispatch_rule",
    "account_duty",
    "unit",
    "ticket_move",
    "ticket_class",
    "calendar_day",
)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        triggers = ["ticket_begins", "ticket_keeps_history"]
        triggers += [f"ticket_guard_{n}" for n in range(len(GUARDS))]
        triggers += [f"{t}_no_{v}" for t in KEPT_FOR_GOOD for v in ("update", "delete")]
        for name in triggers:
            op.execute(f"DROP TRIGGER {name}")
    else:
        for table, name in (
            ("ticket", "ticket_begins"),
            ("ticket", "ticket_moved"),
            ("ticket_event", "ticket_event_kept"),
            ("audit", "audit_kept"),
        ):
            op.execute(f"DROP TRIGGER {name} ON {table}")
        for name in ("ticket_begins", "ticket_moved", "kept_for_good"):
            op.execute(f"DROP FUNCTION {name}()")
    for name in ("credit_code", "due", "state", "unit"):
        op.drop_index(f"ix_ticket_{name}", table_name="ticket")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column)
    op.drop_column("ticket", "stars")
    for table in TABLES:
        op.drop_table(table)
