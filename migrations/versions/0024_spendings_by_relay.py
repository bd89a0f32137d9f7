"""What was spent is known for each relay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spendings", sa.Column("relay", sa.Text(), nullable=False, server_default="relay"))


def downgrade() -> None:
    op.drop_column("spendings", "relay")
