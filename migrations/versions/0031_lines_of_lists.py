"""Lines of a list that name somebody twice, or somebody who has left there and is active here, are said with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

COLUMNS = ("repeated_lines", "left_lines")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("list_imports", sa.Column(name, sa.JSON(), server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("list_imports", name)
