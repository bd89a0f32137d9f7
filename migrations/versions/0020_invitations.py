"""Editors are invited by a notice, and have a second factor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("editors", sa.Column("invited_at", MOMENT, nullable=True))
    op.add_column("editors", sa.Column("second_factor", sa.LargeBinary(length=20), nullable=True))
    op.add_column("editors", sa.Column("second_factor_step", sa.BigInteger(), nullable=True))
    op.create_table(
        "recovery_codes",
        sa.Column("editor_id", ID, autoincrement=False, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("editor_id", "code_hash", name=op.f("pk_recovery_codes")),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editors.id"], name=op.f("fk_recovery_codes_editor_id"), ondelete="CASCADE"
        ),
    )
    with op.batch_alter_table("notices", copy_from=_notices(are_for_editors=False)) as notices:
        notices.alter_column("subscriber_id", existing_type=ID, nullable=True)
        notices.add_column(sa.Column("editor_id", ID, nullable=True))
        notices.create_foreign_key(op.f("fk_notices_editor_id"), "editors", ["editor_id"], ["id"], ondelete="CASCADE")
        notices.create_check_constraint(op.f("ck_notices_one_person"), "(subscriber_id IS NULL) <> (editor_id IS NULL)")
        notices.create_index(op.f("ix_notices_editor_id"), ["editor_id"])


def downgrade() -> None:
    op.execute("DELETE FROM notices WHERE editor_id IS NOT NULL")
    with op.batch_alter_table("notices", copy_from=_notices(are_for_editors=True)) as notices:
        notices.drop_index(op.f("ix_notices_editor_id"))
        notices.drop_constraint(op.f("ck_notices_one_person"), type_="check")
        notices.drop_constraint(op.f("fk_notices_editor_id"), type_="foreignkey")
        notices.drop_column("editor_id")
        notices.alter_column("subscriber_id", existing_type=ID, nullable=False)
    op.drop_table("recovery_codes")
    op.drop_column("editors", "second_factor_step")
    op.drop_column("editors", "second_factor")
    op.drop_column("editors", "invited_at")


def _notices(*, are_for_editors: bool) -> sa.Table:
    """Return the table as SQLite has it now: it changes a column only by writing the whole table anew."""
    of_editors = (
        sa.Column("editor_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["editor_id"], ["editors.id"], name=op.f("fk_notices_editor_id"), ondelete="CASCADE"),
        sa.CheckConstraint("(subscriber_id IS NULL) <> (editor_id IS NULL)", name=op.f("ck_notices_one_person")),
        sa.Index(op.f("ix_notices_editor_id"), "editor_id"),
    )
    return sa.Table(
        "notices",
        sa.MetaData(),
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subscriber_id", ID, nullable=are_for_editors),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status = 'queued' OR status = 'in_flight' OR status = 'accepted' OR status = 'deferred' OR status = 'rejected' OR status = 'withheld' OR status = 'doubtful'",
            name=op.f("ck_notices_status"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_notices_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.Index(
            "ix_notices_due",
            "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
        sa.Index(op.f("ix_notices_subscriber_id"), "subscriber_id"),
        *(of_editors if are_for_editors else ()),
    )
