"""Who left by a letter's link stays counted, also when the person is erased or subscribes again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

LEFT_NOW = """
    INSERT INTO unsubscribes (mailing_id, at, subscriber_id, resubscribed)
    SELECT unsubscribed_by_mailing, unsubscribed_at, id, false FROM subscribers
    WHERE unsubscribed_by_mailing IS NOT NULL AND unsubscribed_at IS NOT NULL
"""
# A goodbye goes to whoever leaves; those who are not gone by that letter any more have subscribed again since.
SUBSCRIBED_AGAIN = """
    INSERT INTO unsubscribes (mailing_id, at, subscriber_id, resubscribed)
    SELECT mailing_id, min(created_at), subscriber_id, true
    FROM (
        SELECT {mailing} AS mailing_id, created_at, subscriber_id FROM notices
        WHERE kind = 'goodbye' AND subscriber_id IS NOT NULL
    ) AS goodbyes
    WHERE mailing_id IS NOT NULL
    GROUP BY mailing_id, subscriber_id
    ON CONFLICT (mailing_id, subscriber_id) DO NOTHING
"""
MAILING = {"sqlite": "json_extract(details, '$.mailing')", "postgresql": "CAST(details ->> 'mailing' AS bigint)"}


def upgrade() -> None:
    op.create_table(
        "unsubscribes",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("mailing_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("resubscribed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_unsubscribes_subscriber_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsubscribes")),
        sa.UniqueConstraint("mailing_id", "subscriber_id", name=op.f("uq_unsubscribes_mailing_id_subscriber_id")),
    )
    op.execute(LEFT_NOW)
    op.execute(SUBSCRIBED_AGAIN.format(mailing=MAILING[op.get_bind().dialect.name]))
    op.create_index(
        "ix_unsubscribes_subscriber_id",
        "unsubscribes",
        ["subscriber_id"],
        sqlite_where=sa.text("subscriber_id IS NOT NULL"),
        postgresql_where=sa.text("subscriber_id IS NOT NULL"),
    )
    op.drop_index("ix_subscribers_unsubscribed_by_mailing", "subscribers")  # reports were counted from it


def downgrade() -> None:
    op.create_index(
        "ix_subscribers_unsubscribed_by_mailing",
        "subscribers",
        ["unsubscribed_by_mailing"],
        sqlite_where=sa.text("unsubscribed_by_mailing IS NOT NULL"),
        postgresql_where=sa.text("unsubscribed_by_mailing IS NOT NULL"),
    )
    op.drop_table("unsubscribes")
