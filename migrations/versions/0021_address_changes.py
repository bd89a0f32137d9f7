"""Readers change their address themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "address_changes",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("old_address", sa.Text(), nullable=True),
        sa.Column("new_address", sa.Text(), nullable=True),
        sa.Column("old_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("new_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_address_changes_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
    )
    op.create_index(op.f("ix_address_changes_subscriber_id"), "address_changes", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("address_changes")
