"""People around a call: experts, notices to the floor, the page of a seat, who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    create_expert()
    create_messages()
    op.create_table(
        "seat_page",
        sa.Column("seat_id", ROW_ID, nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_seat_page_seat_id_seat")),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_seat_page")),
    )
    op.create_table(
        "audit",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_audit_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at_ms"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)


def create_expert() -> None:
    op.create_table(
        "expert",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=True),
        sa.Column("seat_id", ROW_ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("number_sealed", sa.Text(), nullable=True),
        sa.Column("number_masked", sa.Text(), nullable=True),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("ring", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ring = 'seat' AND seat_id IS NOT NULL) OR "
            "(ring = 'number' AND number_sealed IS NOT NULL AND number_masked IS NOT NULL)",
            name=op.f("ck_expert_ring"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_expert_account_id_account")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_expert_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert")),
        sa.UniqueConstraint("account_id", name=op.f("uq_expert_account_id")),
    )


def create_messages() -> None:
    op.create_table(
        "floor_message",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("to_seat_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_floor_message_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["to_seat_id"], ["seat.id"], name=op.f("fk_floor_message_to_seat_id_seat")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_message")),
    )
    op.create_index(
        op.f("ix_floor_message_to_seat_id"), "floor_message", ["to_seat_id"], unique=False
    )
    op.create_table(
        "floor_message_read",
        sa.Column("message_id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["floor_message.id"],
            name=op.f("fk_floor_message_read_message_id_floor_message"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_floor_message_read_account_id_account")
        ),
        sa.PrimaryKeyConstraint("message_id", "account_id", name=op.f("pk_floor_message_read")),
    )


def downgrade() -> None:
    op.drop_table("audit")
    op.drop_table("seat_page")
    op.drop_table("floor_message_read")
    op.drop_table("floor_message")
    op.drop_table("expert")
