"""Suggestions are gathered each month and reported each quarter."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("period", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("figures", sa.JSON),
        sa.Column("number", sa.Text, unique=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("drafted_by", ROW_ID, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("drafted_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_by", ROW_ID, sa.ForeignKey("account.id")),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("state IN ('draft','to_sign','kept','signed')", name="state"),
    )


def downgrade() -> None:
    op.drop_table("digest")
