"""Deliveries whose time is over become counts; reports about them are emptied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATUSES = ("queued", "in_flight", "accepted", "deferred", "rejected", "withheld", "doubtful")


def upgrade() -> None:
    op.create_table(
        "delivery_counts",
        sa.Column("mailing_id", ID, autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("resent", sa.Boolean(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            " OR ".join(f"status = '{status}'" for status in STATUSES), name=op.f("ck_delivery_counts_status")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_delivery_counts_mailing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailing_id", "domain", "status", "reason", "resent", name=op.f("pk_delivery_counts")),
    )
    op.create_table(
        "failure_counts",
        sa.Column("mailing_id", ID, autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_failure_counts_mailing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailing_id", "domain", "kind", "reason", name=op.f("pk_failure_counts")),
    )
    op.add_column("bounces", sa.Column("emptied_at", MOMENT, nullable=True))
    full = sa.text("emptied_at IS NULL")
    op.create_index("ix_bounces_full", "bounces", ["received_at"], sqlite_where=full, postgresql_where=full)


def downgrade() -> None:
    op.drop_index("ix_bounces_full", "bounces")
    op.drop_column("bounces", "emptied_at")
    op.drop_table("failure_counts")
    op.drop_table("delivery_counts")
