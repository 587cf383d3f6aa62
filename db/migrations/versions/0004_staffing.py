"""Seats follow the calls: lent skills, the rule's state and steps; open calls found quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MS = sa.BigInteger()


def upgrade() -> None:
    create_loans()
    create_rule()
    # Waiting callers and the day's seats are looked at every few seconds.
    op.create_index("ix_call_ended", "call", ["ended_ms"], unique=False)
    op.create_index("ix_seat_history_at", "seat_history", ["at_ms"], unique=False)


def create_loans() -> None:
    op.create_table(
        "skill_loan",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("seat_id", ROW_ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("own_level", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_ms", MS, nullable=False),
        sa.Column("until_ms", MS, nullable=False),
        sa.Column("open", sa.Boolean(), nullable=True),
        sa.Column("ended_ms", MS, nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.Column("ended_by", ROW_ID, nullable=True),
        sa.CheckConstraint(
            "kind IN ('manual','resident','staffing')", name=op.f("ck_skill_loan_kind")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_skill_loan_seat_id_seat")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_skill_loan_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["account.id"], name=op.f("fk_skill_loan_ended_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_loan")),
    )
    op.create_index("uq_skill_loan_open", "skill_loan", ["seat_id", "queue", "open"], unique=True)
    op.create_index("ix_skill_loan_until", "skill_loan", ["open", "until_ms"], unique=False)


def create_rule() -> None:
    op.create_table(
        "staffing_rule",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("until_ms", MS, nullable=True),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("set_ms", MS, nullable=True),
        sa.Column("stepped_ms", MS, nullable=False),
        sa.CheckConstraint("mode IN ('auto','off','hold')", name=op.f("ck_staffing_rule_mode")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_staffing_rule_account_id_account")
        ),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_staffing_rule")),
    )
    op.create_table(
        "staffing_step",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at_ms", MS, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seat_id", ROW_ID, nullable=True),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["seat.id"], name=op.f("fk_staffing_step_seat_id_seat")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_staffing_step_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staffing_step")),
    )
    op.create_index("ix_staffing_step_queue", "staffing_step", ["queue", "at_ms"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_seat_history_at", table_name="seat_history")
    op.drop_index("ix_call_ended", table_name="call")
    op.drop_index("ix_staffing_step_queue", table_name="staffing_step")
    op.drop_table("staffing_step")
    op.drop_table("staffing_rule")
    op.drop_index("ix_skill_loan_until", table_name="skill_loan")
    op.drop_index("uq_skill_loan_open", table_name="skill_loan")
    op.drop_table("skill_loan")
