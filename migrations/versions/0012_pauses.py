"""Readers may pause, until a day of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("paused_until", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscribers", "paused_until")
