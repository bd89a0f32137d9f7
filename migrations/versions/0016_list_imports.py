"""Lists of subscribers that are handed in at the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STAGES = ("waiting", "running", "stopped", "tried", "finished", "failed")


def upgrade() -> None:
    op.create_table(
        "list_imports",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("is_trial", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("consent_source", sa.Text(), server_default="", nullable=False),
        sa.Column("system", sa.Text(), server_default="", nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("unknown_columns", sa.JSON(), nullable=False),
        sa.Column("is_stopping", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("role_lines", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("run", sa.Integer(), server_default="0", nullable=False),
        sa.Column("alive_at", MOMENT, nullable=True),
        sa.CheckConstraint(" OR ".join(f"stage = '{stage}'" for stage in STAGES), name=op.f("ck_list_imports_stage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_imports")),
    )
    op.create_index("ix_list_imports_uploaded_at", "list_imports", ["uploaded_at"])
    op.create_table(
        "list_import_parts",
        sa.Column("import_id", ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _of_import("list_import_parts"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_list_import_parts")),
    )
    op.create_table(
        "list_import_refusals",
        sa.Column("import_id", ID, autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        _of_import("list_import_refusals"),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_list_import_refusals")),
    )


def downgrade() -> None:
    op.drop_table("list_import_refusals")
    op.drop_table("list_import_parts")
    op.drop_table("list_imports")


def _of_import(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_import_id")
    return sa.ForeignKeyConstraint(["import_id"], ["list_imports.id"], name=name, ondelete="CASCADE")
