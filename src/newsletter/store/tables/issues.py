"""Issues, the slots that they take, and the approvals of their text."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from newsletter.domain.issue import IssueStatus, ItemSlot
from newsletter.store.tables.schema import Id, Moment, identity, metadata, one_of, where

# A row for each planned date that differs from the rule (skipped, moved, extra) or that an issue has taken.
slots = Table(
    "slots",
    metadata,
    Column("date", Date, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("moved_to", Date),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("status IN ('planned', 'skipped', 'moved', 'extra')", name="status"),
    # An extra slot may be moved too; it stays extra.
    CheckConstraint("moved_to IS NOT NULL OR status <> 'moved'", name="moved_somewhere"),
    CheckConstraint("moved_to IS NULL OR status IN ('moved', 'extra')", name="moved_to"),
)

issues = Table(
    "issues",
    metadata,
    identity(),
    Column("number", Integer, nullable=False, unique=True),
    Column("slot_date", Date, ForeignKey("slots.date"), nullable=False, unique=True),
    Column("due_at", Moment, nullable=False),
    Column("status", String(16), nullable=False),
    Column("subject", Text),
    Column("preheader", Text),
    Column("note", Text),
    Column("drafted_at", Moment, nullable=False),
    # When an editor last changed it; a draft that nobody touched follows the store.
    Column("arranged_at", Moment),
    # When its mailing was taken back before a letter had left; until it is approved anew or sent.
    Column("recalled_at", Moment),
    # The mailing that was taken back, for good: its id, which letters may be signed with, is never given again.
    Column("recalled_mailing", Id),
    # How often it was changed: whoever edits names the revision that they saw.
    Column("revision", Integer, nullable=False, server_default="0"),
    one_of("status", IssueStatus),
)

issue_items = Table(
    "issue_items",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("slot", String(16), nullable=False),
    Column("article_id", Id, ForeignKey("articles.id")),
    Column("announcement_id", Id, ForeignKey("announcements.id")),
    Column("partner_id", Id, ForeignKey("partner_links.id")),
    Column("headline", Text),
    Column("teaser", Text),
    Column("reason", Text, nullable=False),
    # An editor put it there.
    Column("is_pinned", Boolean, nullable=False, server_default=text("false")),
    one_of("slot", ItemSlot),
    CheckConstraint(
        "CASE WHEN article_id IS NULL THEN 0 ELSE 1 END"
        " + CASE WHEN announcement_id IS NULL THEN 0 ELSE 1 END"
        " + CASE WHEN partner_id IS NULL THEN 0 ELSE 1 END = 1",
        name="one_subject",
    ),
    UniqueConstraint("issue_id", "article_id"),
    UniqueConstraint("issue_id", "announcement_id"),
    UniqueConstraint("issue_id", "partner_id"),
)

approvals = Table(
    "approvals",
    metadata,
    identity(),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", Moment, nullable=False),
    # SHA-256, hex: of what the issue says, and of the exact rendered text with slots.
    Column("issue_digest", String(64), nullable=False),
    Column("rendered_digest", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    # Check → reason, for each finding that an editor overrode.
    Column("overrides", JSON, nullable=False),
    Column("voided_at", Moment),
    Index("uq_approvals_standing", "issue_id", unique=True, **where("voided_at IS NULL")),
)

rendered_variants = Table(
    "rendered_variants",
    metadata,
    Column("approval_id", Id, ForeignKey("approvals.id", ondelete="CASCADE"), primary_key=True),
    Column("topics", SmallInteger, primary_key=True, autoincrement=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)
