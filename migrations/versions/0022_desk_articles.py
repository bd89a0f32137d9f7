"""Files handed in at the desk, and names that stand under no article any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "handed_in",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("tray", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handed_in")),
    )
    op.create_index(op.f("ix_handed_in_tray"), "handed_in", ["tray"])
    op.create_index(op.f("ix_handed_in_at"), "handed_in", ["at"])
    op.create_table(
        "withdrawn_bylines",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_withdrawn_bylines")),
    )


def downgrade() -> None:
    op.drop_table("withdrawn_bylines")
    op.drop_table("handed_in")
