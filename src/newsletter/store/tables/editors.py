"""Who works at the newsletter, and what they did."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, String, Table, Text

from newsletter.store.tables.schema import Moment, identity, metadata

editors = Table(
    "editors",
    metadata,
    identity(),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("removed_at", Moment),
    CheckConstraint("role IN ('writer', 'editor', 'publisher', 'owner')", name="role"),
)

audit_log = Table(
    "audit_log",
    metadata,
    identity(),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("detail", JSON, nullable=False),
)
