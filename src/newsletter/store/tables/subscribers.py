"""Readers, their consent, and the notices to them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.store.tables.schema import Id, Moment, identity, metadata, one_of, where

subscribers = Table(
    "subscribers",
    metadata,
    identity(),
    Column("public_id", LargeBinary(8), nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("normalized", Text, nullable=False, unique=True),
    # Keyed hash of the normalised address: suppressions and the consent log know a person by it.
    Column("address_hash", LargeBinary(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("topics", SmallInteger, nullable=False),
    Column("is_text_only", Boolean, nullable=False, server_default=text("false")),
    Column("language", String(35), nullable=False),
    Column("status", String(16), nullable=False),
    # The first day, by UTC, on which letters may come again.
    Column("paused_until", Date),
    Column("created_at", Moment, nullable=False),
    # The latest sign-up that waits for its confirmation.
    Column("requested_at", Moment),
    Column("unsubscribed_at", Moment),
    # The mailing whose letter carried the link by which the reader left.
    Column("unsubscribed_by_mailing", Id),
    # Why, was said since; what was said stands in leaving_reasons, where nobody's name is.
    Column("gave_reason", Boolean, nullable=False, server_default=text("false")),
    one_of("status", SubscriberStatus),
    Index("ix_subscribers_requested_at", "requested_at", **where("requested_at IS NOT NULL")),
    Index("ix_subscribers_status", "status"),
    # A forecast is counted from it alone, in its order.
    Index("ix_subscribers_audience", "status", "topics", "language", "paused_until"),
    # SQLite compares bytes anyway; elsewhere a language's order is no help in finding how an address begins.
    Index("ix_subscribers_normalized_pattern", "normalized", postgresql_ops={"normalized": "text_pattern_ops"}).ddl_if(
        dialect="postgresql"
    ),
)

# What editors call some of the subscribers; a tag stands for itself and is nothing without them.
subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column(
        "subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("tag", String(50), primary_key=True),
    Index("ix_subscriber_tags_tag", "tag"),
)

# Saved conditions; who fulfils them is looked up whenever they are used.
segments = Table(
    "segments",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("conditions", JSON, nullable=False),
    Column("saved_at", Moment, nullable=False),
)

# Changes of address. The hashes stay as long as the reader, so that what is stored under them is erased with the rest.
address_changes = Table(
    "address_changes",
    metadata,
    identity(),
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False, index=True),
    # NULL once the change cannot be undone any more.
    Column("old_address", Text),
    Column("new_address", Text),
    Column("old_hash", LargeBinary(32), nullable=False),
    Column("new_hash", LargeBinary(32), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    # Refused or undone by the old address, or overtaken by a later request.
    Column("ended_at", Moment),
)

# Who left by the link of a mailing's letter, once for each mailing: reports count them, whatever becomes of the reader.
unsubscribes = Table(
    "unsubscribes",
    metadata,
    identity(),
    Column("mailing_id", Id, nullable=False),
    # To the hour since the mailing's start where the reader is not known any more.
    Column("at", Moment, nullable=False),
    # NULL once the person is erased, or the time of the mailing's letters is over.
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="SET NULL")),
    # The reader has subscribed again since, by the goodbye's link or by signing up.
    Column("resubscribed", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("mailing_id", "subscriber_id"),
    Index("ix_unsubscribes_subscriber_id", "subscriber_id", **where("subscriber_id IS NOT NULL")),
)

# Why readers left. No column says who, nor at what time of the day.
leaving_reasons = Table(
    "leaving_reasons",
    metadata,
    identity(),
    Column("cause", String(24), nullable=False),
    Column("words", Text, nullable=False),
    Column("given_on", Date, nullable=False, index=True),
)

# Append-only. It knows people by hash, so that it outlives the address.
consent_log = Table(
    "consent_log",
    metadata,
    identity(),
    Column("address_hash", LargeBinary(32), nullable=False, index=True),
    Column("event", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
)

# When the site last wrote to an address because somebody typed it in.
sign_ups = Table(
    "sign_ups",
    metadata,
    Column("address_hash", LargeBinary(32), primary_key=True),
    Column("asked_at", Moment, nullable=False, index=True),
)

# The sign-ups of the last hour, whatever their address; the network is a keyed hash of a prefix.
sign_up_requests = Table(
    "sign_up_requests",
    metadata,
    identity(),
    Column("network", LargeBinary(16), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Index("ix_sign_up_requests_network_at", "network", "at"),
)

notices = Table(
    "notices",
    metadata,
    identity(),
    Column("kind", String(24), nullable=False),
    # Whom it is for, or whom it is about: one of the two.
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True),
    Column("editor_id", Id, ForeignKey("editors.id", ondelete="CASCADE"), index=True),
    # What its template needs besides.
    Column("details", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("settled_at", Moment),
    Column("reply", Text),
    one_of("status", DeliveryStatus),
    CheckConstraint("(subscriber_id IS NULL) <> (editor_id IS NULL)", name="one_person"),
    Index("ix_notices_due", "due_at", **where("due_at IS NOT NULL")),
)
