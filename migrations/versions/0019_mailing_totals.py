"""What became of a mailing's letters is written down when it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mailing_totals",
        sa.Column("mailing_id", ID, nullable=False, autoincrement=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mailing_id", "status", name="pk_mailing_totals"),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name="fk_mailing_totals_mailing_id", ondelete="CASCADE"
        ),
    )
    op.execute(
        "INSERT INTO mailing_totals (mailing_id, status, letters)"
        " SELECT deliveries.mailing_id, deliveries.status, count(*) FROM deliveries"
        " JOIN mailings ON mailings.id = deliveries.mailing_id WHERE mailings.status = 'finished'"
        " GROUP BY deliveries.mailing_id, deliveries.status"
    )


def downgrade() -> None:
    op.drop_table("mailing_totals")
