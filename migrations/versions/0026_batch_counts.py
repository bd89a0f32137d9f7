"""What became of a mailing's letters is counted batch by batch, and as one sum when it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATUSES = ("queued", "in_flight", "accepted", "deferred", "rejected", "withheld", "doubtful")

# Letters of batches that no worker has, by the domain that their readers have now.
COUNTED = """
    INSERT INTO {table} (mailing_id, {number} domain, status, reason, resent, letters)
    SELECT
        deliveries.mailing_id, {number} coalesce(substr(address, {find}(address, '@') + 1), '') AS domain,
        deliveries.status, coalesce(reason, ''), resent, count(*)
    FROM mailings
    JOIN batches ON batches.mailing_id = mailings.id AND batches.worker_id IS NULL
    JOIN deliveries ON deliveries.mailing_id = batches.mailing_id
        AND deliveries.position BETWEEN batches.first_position AND batches.last_position
    LEFT JOIN subscribers ON subscribers.id = deliveries.subscriber_id
    WHERE mailings.status {are} ('finished', 'cancelled')
    GROUP BY deliveries.mailing_id, {number}
        coalesce(substr(address, {find}(address, '@') + 1), ''), deliveries.status, coalesce(reason, ''), resent
"""
OF_BATCH = """
    SELECT {what} FROM deliveries WHERE deliveries.mailing_id = batches.mailing_id
        AND deliveries.position BETWEEN batches.first_position AND batches.last_position
"""


def upgrade() -> None:
    op.add_column("batches", sa.Column("answered_at", MOMENT, nullable=True))
    op.add_column("batches", sa.Column("doubtful", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "batch_counts",
        sa.Column("mailing_id", ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("resent", sa.Boolean(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            " OR ".join(f"status = '{status}'" for status in STATUSES), name=op.f("ck_batch_counts_status")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id", "number"],
            ["batches.mailing_id", "batches.number"],
            name=op.f("fk_batch_counts_mailing_id_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "mailing_id", "number", "domain", "status", "reason", "resent", name=op.f("pk_batch_counts")
        ),
    )
    find = "instr" if op.get_bind().dialect.name == "sqlite" else "strpos"
    answered_at = OF_BATCH.format(what="max(coalesce(settled_at, first_try_at))")
    doubtful = OF_BATCH.format(what="count(*)") + "AND deliveries.status = 'doubtful'"
    op.execute(f"UPDATE batches SET answered_at = ({answered_at}), doubtful = ({doubtful}) WHERE worker_id IS NULL")  # noqa: S608
    op.execute(COUNTED.format(table="batch_counts", number="number,", find=find, are="NOT IN"))
    # Letters whose time is over are in the sums already.
    op.execute(
        COUNTED.format(table="delivery_counts", number="", find=find, are="IN")
        + "ON CONFLICT (mailing_id, domain, status, reason, resent)"
        " DO UPDATE SET letters = delivery_counts.letters + excluded.letters"
    )


def downgrade() -> None:
    # Before, sums held only letters that are not stored any more; letters go in the order of their positions.
    whole = "SELECT mailing_id FROM deliveries WHERE position = 1"
    op.execute(f"DELETE FROM delivery_counts WHERE mailing_id IN ({whole})")  # noqa: S608
    op.execute(
        f"DELETE FROM deliveries WHERE mailing_id NOT IN ({whole})"  # noqa: S608
        " AND mailing_id IN (SELECT mailing_id FROM delivery_counts)"
    )
    op.drop_table("batch_counts")
    op.drop_column("batches", "doubtful")
    op.drop_column("batches", "answered_at")
