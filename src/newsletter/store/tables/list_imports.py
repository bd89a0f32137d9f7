"""Lists of subscribers that were handed in at the desk. They are deleted after two weeks, with what was refused."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from newsletter.domain.list_import import ImportStage
from newsletter.store.tables.schema import Id, Moment, identity, metadata, one_of

list_imports = Table(
    "list_imports",
    metadata,
    identity(),
    Column("file_name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("uploaded_by", Text, nullable=False),
    Column("uploaded_at", Moment, nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("is_trial", Boolean, nullable=False, server_default=text("true")),
    Column("mapping", JSON, nullable=False),
    Column("consent_source", Text, nullable=False, server_default=""),
    Column("system", Text, nullable=False, server_default=""),
    Column("columns", JSON, nullable=False),
    Column("unknown_columns", JSON, nullable=False),
    Column("is_stopping", Boolean, nullable=False, server_default=text("false")),
    Column("lines", Integer, nullable=False, server_default="0"),
    Column("counts", JSON, nullable=False),
    Column("role_lines", JSON, nullable=False),
    Column("repeated_lines", JSON, nullable=False, server_default=text("'[]'")),
    Column("left_lines", JSON, nullable=False, server_default=text("'[]'")),
    Column("untaken_tags", JSON, nullable=False, server_default=text("'{}'")),
    Column("why", Text, nullable=False, server_default=""),
    # Counts the runs: one that was taken for dead and was not finds another number here, and ends.
    Column("run", Integer, nullable=False, server_default="0"),
    Column("alive_at", Moment),
    one_of("stage", ImportStage),
)

# The file, in pieces that a process can hold.
list_import_parts = Table(
    "list_import_parts",
    metadata,
    Column("import_id", Id, ForeignKey("list_imports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

list_import_refusals = Table(
    "list_import_refusals",
    metadata,
    Column("import_id", Id, ForeignKey("list_imports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    # As given; often no address at all.
    Column("given", Text, nullable=False),
)
