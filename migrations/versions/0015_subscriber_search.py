"""Subscribers are counted by status, and found by how an address begins, on Postgres too."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_subscribers_status", "subscribers", ["status"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_subscribers_normalized_pattern",
            "subscribers",
            ["normalized"],
            postgresql_ops={"normalized": "text_pattern_ops"},
        )


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS ix_subscribers_normalized_pattern")
    op.drop_index("ix_subscribers_status", "subscribers")
