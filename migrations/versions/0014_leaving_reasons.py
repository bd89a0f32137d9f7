"""Why readers leave, without who they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "subscribers", sa.Column("gave_reason", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "leaving_reasons",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaving_reasons")),
    )
    op.create_index(op.f("ix_leaving_reasons_given_on"), "leaving_reasons", ["given_on"])


def downgrade() -> None:
    op.drop_table("leaving_reasons")
    op.drop_column("subscribers", "gave_reason")
