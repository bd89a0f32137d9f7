"""Pictures that the site serves, and the language of a partner's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("suffix", sa.String(length=3), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.CheckConstraint("suffix = 'jpg' OR suffix = 'png'", name=op.f("ck_pictures_suffix")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pictures")),
    )
    op.create_table(
        "picture_sources",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["pictures.digest"], name=op.f("fk_picture_sources_digest")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_picture_sources")),
    )
    op.create_index(op.f("ix_picture_sources_digest"), "picture_sources", ["digest"])
    op.add_column("partner_links", sa.Column("language", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("partner_links", "language")
    op.drop_table("picture_sources")
    op.drop_table("pictures")
