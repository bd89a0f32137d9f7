"""What comes back, and what follows from it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Table, Text

from newsletter.store.tables.schema import Id, Moment, identity, metadata, where

bounces = Table(
    "bounces",
    metadata,
    identity(),
    # SHA-256 of the report: the same one twice counts once.
    Column("report_digest", LargeBinary(32), nullable=False, unique=True),
    Column("received_at", Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", String(32)),
    Column("status_code", String(16)),
    Column("rule", Text, nullable=False),
    Column("words", Text, nullable=False),
    # The delivery that its signed token names; NULL for a report that changes nobody.
    Column("mailing_id", Id),
    Column("position", Integer),
    Column("address_hash", LargeBinary(32), index=True),
    # Why a report with a token changed nobody: forged, of an unknown delivery, too old.
    Column("ignored_because", Text),
    Column("reversed_at", Moment),
    Column("report", LargeBinary, nullable=False),
    # When message, words and address were taken away because their time was over.
    Column("emptied_at", Moment),
    ForeignKeyConstraint(["mailing_id"], ["mailings.id"]),
    Index("ix_bounces_mailing_id", "mailing_id"),
    Index("ix_bounces_full", "received_at", **where("emptied_at IS NULL")),
)

suppressions = Table(
    "suppressions",
    metadata,
    identity(),
    Column("address_hash", LargeBinary(32), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_because", Text),
    Index("uq_suppressions_standing", "address_hash", unique=True, **where("lifted_at IS NULL")),
)
