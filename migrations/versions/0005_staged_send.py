"""A first share goes out before the rest, and a mailing may be recalled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("mailings", sa.Column("first_share", sa.Integer(), nullable=True))
    op.add_column("mailings", sa.Column("hold_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("mailings", sa.Column("rest_at", MOMENT, nullable=True))
    op.add_column("issues", sa.Column("recalled_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("issues", "recalled_at")
    op.drop_column("mailings", "rest_at")
    op.drop_column("mailings", "hold_minutes")
    op.drop_column("mailings", "first_share")
