"""An issue remembers the mailing that was taken back, so that no other gets its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("issues", sa.Column("recalled_mailing", ID, nullable=True))


def downgrade() -> None:
    op.drop_column("issues", "recalled_mailing")
