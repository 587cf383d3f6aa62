"""Conversations of several people: who is on a call, what each was doing, who owns it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A person calls back, comes back, listens in: her seat is taken for it from where it stands.
SEAT_MOVES = (
    ("offline", "reserved"),
    ("paused", "reserved"),
    ("wrap_up", "reserved"),
    ("no_answer", "reserved"),
)

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    seat_move = sa.table("seat_move", sa.column("from_state"), sa.column("to_state"))
    op.bulk_insert(seat_move, [{"from_state": a, "to_state": b} for a, b in SEAT_MOVES])
    direction = sa.Column("direction", sa.Text(), nullable=False, server_default="in")
    op.add_column("call", direction)
    op.add_column("call", sa.Column("owner_seat_id", ROW_ID, nullable=True))
    op.add_column("call", sa.Column("conversation", sa.JSON(), nullable=True))
    head = sa.Column("head", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("call", head)
    op.add_column("call", sa.Column("hint", sa.Text(), nullable=True))
    op.add_column("call", sa.Column("waiting_ms", sa.BigInteger(), nullable=True))
    op.add_column("leg", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("leg", sa.Column("label", sa.Text(), nullable=True))
    op.add_column("leg", sa.Column("expert_id", ROW_ID, nullable=True))
    op.add_column("leg", sa.Column("account_id", ROW_ID, nullable=True))
    op.create_table(
        "leg_span",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("leg_id", sa.Text(), nullable=False),
        sa.Column("seat_id", ROW_ID, nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_leg_span_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leg_span")),
    )
    op.create_index(op.f("ix_leg_span_call_id"), "leg_span", ["call_id"], unique=False)
    op.create_index("ix_leg_span_seat", "leg_span", ["seat_id", "from_ms"], unique=False)
    op.create_table(
        "kept_write",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept_write")),
    )


def downgrade() -> None:
    op.drop_table("kept_write")
    op.drop_index("ix_leg_span_seat", table_name="leg_span")
    op.drop_index(op.f("ix_leg_span_call_id"), table_name="leg_span")
    op.drop_table("leg_span")
    for column in ("kind", "label", "expert_id", "account_id"):
        op.drop_column("leg", column)
    for column in ("direction", "owner_seat_id", "conversation", "head", "hint", "waiting_ms"):
        op.drop_column("call", column)
    for a, b in SEAT_MOVES:
        op.execute(f"DELETE FROM seat_move WHERE from_state = '{a}' AND to_state = '{b}'")  # noqa: S608
