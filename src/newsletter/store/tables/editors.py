"""Who works at the newsletter, and what they did."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from newsletter.store.tables.schema import Id, Moment, identity, metadata

editors = Table(
    "editors",
    metadata,
    identity(),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("removed_at", Moment),
    # argon2id; none before the invitation is accepted
    Column("password_hash", Text),
    # of the invitation that is still open
    Column("invited_at", Moment),
    # The key that codes are made from, encrypted, and the step of the last code taken, so that none is taken twice.
    Column("second_factor", LargeBinary),
    Column("second_factor_step", BigInteger),
    CheckConstraint("role IN ('writer', 'editor', 'publisher', 'owner')", name="role"),
)

# What is left of the codes that stand in for a lost second factor: SHA-256 of 80 random bits.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("editor_id", Id, ForeignKey("editors.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("code_hash", LargeBinary(32), primary_key=True),
)

# Browsers in which somebody is signed in. What has ended is deleted.
sign_ins = Table(
    "sign_ins",
    metadata,
    identity(),
    # SHA-256 of the cookie's 256 random bits
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("editor_id", Id, ForeignKey("editors.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

# Tries of the last minutes, whoever they were for; account and network are keyed hashes.
sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    identity(),
    Column("account", LargeBinary(32), nullable=False),
    Column("network", LargeBinary(16), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Index("ix_sign_in_tries_account_at", "account", "at"),
    Index("ix_sign_in_tries_network_at", "network", "at"),
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
