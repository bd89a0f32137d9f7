"""The audience is counted from an index alone, by what a forecast tells apart."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_subscribers_audience", "subscribers", ["status", "topics", "language", "paused_until"])


def downgrade() -> None:
    op.drop_index("ix_subscribers_audience", "subscribers")
