"""What the workers of notices look for: what was taken in the last minute, and a delivery report's
own notice."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = (("ix_outbox_taken", "taken_until_ms"), ("ix_outbox_reference", "reference"))


def upgrade() -> None:
    for name, column in INDEXES:
        op.create_index(name, "outbox", [column])


def downgrade() -> None:
    for name, _ in INDEXES:
        op.drop_index(name, "outbox")
