"""How a draft came to be as it is: its revisions, wordings that were set aside, and who looks at it now."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from newsletter.store.tables.schema import Id, Moment, identity, metadata

# A row for each change, with the composition as it left it; the first of an issue is the draft before any change.
issue_revisions = Table(
    "issue_revisions",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("told", Text, nullable=False),
    # The one text that it wrote, such as "headline:12".
    Column("text_name", String(32)),
    Column("takes_back", Integer),
    Column("composition", JSON, nullable=False),
)

# What an editor wrote for a text that somebody else had changed meanwhile, until one of the two is chosen.
clashes = Table(
    "clashes",
    metadata,
    identity(),
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("text_name", String(32), nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("words", Text, nullable=False),
    UniqueConstraint("issue_id", "text_name", "made_by"),
)

# Who has a composer open, kept only to show the others.
issue_visits = Table(
    "issue_visits",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    Column("editor_id", Id, ForeignKey("editors.id", ondelete="CASCADE"), primary_key=True),
    Column("seen_at", Moment, nullable=False),
    # The text that they are writing.
    Column("text_name", String(32)),
)
