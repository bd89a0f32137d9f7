"""Sign-ups on the site, with their limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("requested_at", MOMENT, nullable=True))
    asked = sa.text("requested_at IS NOT NULL")
    op.create_index(
        "ix_subscribers_requested_at", "subscribers", ["requested_at"], sqlite_where=asked, postgresql_where=asked
    )
    op.create_table(
        "sign_ups",
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_sign_ups")),
    )
    op.create_index(op.f("ix_sign_ups_asked_at"), "sign_ups", ["asked_at"])
    op.create_table(
        "sign_up_requests",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("network", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up_requests")),
    )
    op.create_index(op.f("ix_sign_up_requests_at"), "sign_up_requests", ["at"])
    op.create_index(op.f("ix_sign_up_requests_network_at"), "sign_up_requests", ["network", "at"])


def downgrade() -> None:
    op.drop_table("sign_up_requests")
    op.drop_table("sign_ups")
    op.drop_index("ix_subscribers_requested_at", "subscribers")
    op.drop_column("subscribers", "requested_at")
