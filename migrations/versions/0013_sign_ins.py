"""Editors have passwords and sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("editors", sa.Column("password_hash", sa.Text(), nullable=True))
    op.create_table(
        "sign_ins",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("editor_id", ID, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
        sa.ForeignKeyConstraint(["editor_id"], ["editors.id"], name=op.f("fk_sign_ins_editor_id"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_sign_ins_editor_id"), "sign_ins", ["editor_id"])
    op.create_table(
        "sign_in_tries",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("account", sa.LargeBinary(length=32), nullable=False),
        sa.Column("network", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_tries")),
    )
    op.create_index(op.f("ix_sign_in_tries_at"), "sign_in_tries", ["at"])
    op.create_index("ix_sign_in_tries_account_at", "sign_in_tries", ["account", "at"])
    op.create_index("ix_sign_in_tries_network_at", "sign_in_tries", ["network", "at"])


def downgrade() -> None:
    op.drop_table("sign_in_tries")
    op.drop_table("sign_ins")
    op.drop_column("editors", "password_hash")
