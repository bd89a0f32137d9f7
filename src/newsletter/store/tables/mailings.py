"""The ledger: mailings, their batches and deliveries, and what the relay allows."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

from newsletter.domain.mailing import DeliveryStatus, MailingKind, MailingStatus
from newsletter.store.tables.schema import Id, Moment, identity, metadata, one_of, where

mailings = Table(
    "mailings",
    metadata,
    identity(),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id")),
    Column("approval_id", Id, ForeignKey("approvals.id"), nullable=False),
    Column("intended", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("pause_reason", Text),
    # The last position of the first share, while the rest is held; for how long, and until when.
    Column("first_share", Integer),
    Column("hold_minutes", Integer, nullable=False, server_default="0"),
    Column("rest_at", Moment),
    one_of("kind", MailingKind),
    one_of("status", MailingStatus),
    CheckConstraint("kind <> 'issue' OR issue_id IS NOT NULL", name="issue_named"),
    Index("uq_mailings_issue", "issue_id", unique=True, **where("kind = 'issue'")),
)

# The figures at which an editor last had a paused mailing go on: what comes on top counts towards the next pause.
seen_figures = Table(
    "seen_figures",
    metadata,
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("bounced", Integer, nullable=False),
    Column("complaints", Integer, nullable=False),
)

# What became of a mailing's letters by status alone, written down when it ends: for beside other issues.
mailing_totals = Table(
    "mailing_totals",
    metadata,
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("status", String(16), primary_key=True),
    Column("letters", Integer, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    identity(),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_position", Integer, nullable=False),
    Column("last_position", Integer, nullable=False),
    # When its next letter is due; NULL when nothing is left to do.
    Column("due_at", Moment),
    # Who has it now, until when, and how often it was claimed: an older fence neither sends nor settles.
    Column("worker_id", Id, ForeignKey("workers.id")),
    Column("lease_until", Moment),
    Column("fence", Integer, nullable=False, server_default="0"),
    # As of when it was given back: when the relay last answered about a letter of it, and how many are doubtful.
    Column("answered_at", Moment),
    Column("doubtful", Integer, nullable=False, server_default="0"),
    Index("ix_batches_due", "due_at", **where("due_at IS NOT NULL")),
)

# By far the largest table, written once per letter and step. No foreign keys: on Postgres each would cost a look-up
# a row when an audience is laid out, and one module writes it. A subscriber who is forgotten leaves NULL.
deliveries = Table(
    "deliveries",
    metadata,
    Column("mailing_id", Id, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("subscriber_id", Id),
    Column("status", String(16), nullable=False, server_default=DeliveryStatus.QUEUED.value),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("first_try_at", Moment),
    Column("next_try_at", Moment),
    Column("settled_at", Moment),
    # The relay's last words: its queue id finds the letter again.
    Column("reply_code", SmallInteger),
    Column("reply_text", Text),
    # Of a withheld or rejected delivery, from a closed vocabulary.
    Column("reason", String(24)),
    Column("resent", Boolean, nullable=False, server_default=text("false")),
    one_of("status", DeliveryStatus),
    UniqueConstraint("mailing_id", "subscriber_id"),
)


def _count_of_fate() -> list[SchemaItem]:
    """Make the columns that say how many letters to one domain became the same."""
    return [
        Column("domain", Text, primary_key=True),
        Column("status", String(16), primary_key=True),
        Column("reason", String(32), primary_key=True),
        Column("resent", Boolean, primary_key=True),
        Column("letters", Integer, nullable=False),
        one_of("status", DeliveryStatus),
    ]


# What became of the letters of a batch that nobody has, in a mailing that goes on: written whole whenever it is given
# back, and gone while somebody has it. "" is no domain (a batch that nobody had yet, a reader forgotten) or no reason.
batch_counts = Table(
    "batch_counts",
    metadata,
    Column("mailing_id", Id, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    *_count_of_fate(),
    ForeignKeyConstraint(["mailing_id", "number"], ["batches.mailing_id", "batches.number"], ondelete="CASCADE"),
)

# The same of a mailing that has ended, as a whole; it stays when the letters' time is over.
delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    *_count_of_fate(),
)

# What is left of the reports about letters whose time is over.
failure_counts = Table(
    "failure_counts",
    metadata,
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("domain", Text, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("letters", Integer, nullable=False),
)

# How fast letters may leave to each recipient domain: from when on the next one may. A relay's row is only locked.
budgets = Table(
    "budgets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("free_at", Moment, nullable=False),
    # Until when the letters will be under way that had to be left in their batches.
    Column("queued_until", Moment),
)

# What is planned of the time of a relay that has a rate, a row for each claim and each notice.
stretches = Table(
    "stretches",
    metadata,
    identity(),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("relay", Text, nullable=False),
)

# What was spent of the relay's hourly and daily quotas, a row for each claim and each notice.
spendings = Table(
    "spendings",
    metadata,
    identity(),
    Column("at", Moment, nullable=False, index=True),
    Column("letters", Integer, nullable=False),
    Column("relay", Text, nullable=False, server_default="relay"),
)

# A relay said that our quota is used up, or cannot be used for now. One row at most for each.
relay_rests = Table(
    "relay_rests",
    metadata,
    Column("name", Text, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("why", Text, nullable=False),
    # How often it said so since it last accepted a letter, and when first.
    Column("refusals", Integer, nullable=False),
    Column("refused_since", Moment, nullable=False),
)
