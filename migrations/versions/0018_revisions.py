"""Revisions of drafts, wordings set aside, visits of a composer, and pinned items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("issues", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("issue_items", sa.Column("is_pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "issue_revisions",
        sa.Column("issue_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("text_name", sa.String(length=32), nullable=True),
        sa.Column("takes_back", sa.Integer(), nullable=True),
        sa.Column("composition", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_revisions_issue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", "number", name=op.f("pk_issue_revisions")),
    )
    op.create_table(
        "clashes",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("issue_id", ID, nullable=False),
        sa.Column("text_name", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_clashes_issue_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clashes")),
        sa.UniqueConstraint("issue_id", "text_name", "made_by", name=op.f("uq_clashes_issue_id_text_name_made_by")),
    )
    op.create_table(
        "issue_visits",
        sa.Column("issue_id", ID, nullable=False),
        sa.Column("editor_id", ID, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("text_name", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editors.id"], name=op.f("fk_issue_visits_editor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_visits_issue_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", "editor_id", name=op.f("pk_issue_visits")),
    )


def downgrade() -> None:
    op.drop_table("issue_visits")
    op.drop_table("clashes")
    op.drop_table("issue_revisions")
    op.drop_column("issue_items", "is_pinned")
    op.drop_column("issues", "revision")
