"""Which version of Procrastinate's tables stand beside ours; `newsletter migrate` makes those where they are wanted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_schemas",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_job_schemas"),
    )


def downgrade() -> None:
    op.drop_table("job_schemas")
