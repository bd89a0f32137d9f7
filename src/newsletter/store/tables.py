"""The tables, for SQLite and Postgres alike. Private to the store.

Rules that must hold whatever the code does are constraints here: one issue per slot, one number per issue, one mailing
of kind issue per issue, one delivery per mailing and subscriber, one subscriber per normalised address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from newsletter.domain.article import AnnouncementKind
from newsletter.domain.issue import IssueStatus, ItemSlot
from newsletter.domain.mailing import DeliveryStatus, MailingKind, MailingStatus
from newsletter.domain.subscriber import SubscriberStatus

if TYPE_CHECKING:
    from sqlalchemy import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database, `timestamptz` on Postgres."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


#: 64 bits on Postgres; on SQLite the rowid, which only INTEGER names
_Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[Any]:
    return Column("id", _Id, Identity(), primary_key=True)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    # Not IN: SQLite builds its list anew for each row, which more than doubles the cost of an update.
    return CheckConstraint(" OR ".join(f"{column} = '{value}'" for value in values), name=column)


def _where(condition: str) -> dict[str, Any]:
    """Make an index partial, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


articles = Table(
    "articles",
    metadata,
    _id(),
    Column("url", Text, unique=True),
    Column("headline", Text, nullable=False),
    Column("needs_headline", Boolean, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("standfirst", Text, nullable=False),
    Column("sections", JSON, nullable=False),
    Column("body_html", Text),
    Column("image", JSON),
    Column("credit", Text, nullable=False),
    Column("biography", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("published_at", Moment, nullable=False, index=True),
    Column("dated_by_import", Boolean, nullable=False),
    # What editors wrote over the source: names of fields, what the source last said there, and what of it is new.
    Column("edited", JSON, nullable=False),
    Column("sourced", JSON, nullable=False),
    Column("proposed", JSON, nullable=False),
    Column("imported_at", Moment, nullable=False),
    Column("retracted_at", Moment),
)

announcements = Table(
    "announcements",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", Text),
    Column("starts_at", Moment),
    Column("ends_at", Moment),
    Column("timezone", Text),
    Column("place", Text, nullable=False),
    Column("show_from", Moment),
    Column("show_until", Moment),
    Column("stored_at", Moment, nullable=False),
    Column("retracted_at", Moment),
    _one_of("kind", AnnouncementKind),
    CheckConstraint("kind <> 'event' OR starts_at IS NOT NULL", name="event_starts"),
)

partner_links = Table(
    "partner_links",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text),
    Column("text", Text, nullable=False),
    Column("logo", Text),
    # BCP 47, of the name, where it is not that of the site.
    Column("language", Text, nullable=False, server_default=""),
    Column("weight", Integer, nullable=False),
    Column("window_from", Moment),
    Column("window_until", Moment),
    Column("retired_at", Moment),
    CheckConstraint("weight >= 1", name="weight"),
)

# Pictures that the site serves, made fit for letters; small enough to live here, where every machine finds them.
pictures = Table(
    "pictures",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("suffix", String(3), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("stored_at", Moment, nullable=False),
    CheckConstraint("suffix = 'jpg' OR suffix = 'png'", name="suffix"),
)

# Where each was taken from: the address in an article, a logo's file.
picture_sources = Table(
    "picture_sources",
    metadata,
    Column("source", Text, primary_key=True),
    Column("digest", String(32), ForeignKey("pictures.digest"), nullable=False, index=True),
    Column("fetched_at", Moment, nullable=False),
)

# What a published page says about the newsletter itself, such as its blurb; the configuration's own words win.
site_texts = Table(
    "site_texts",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("text", Text, nullable=False),
)

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
    _id(),
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
    Column("recalled_mailing", _Id),
    _one_of("status", IssueStatus),
)

issue_items = Table(
    "issue_items",
    metadata,
    Column("issue_id", _Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("slot", String(16), nullable=False),
    Column("article_id", _Id, ForeignKey("articles.id")),
    Column("announcement_id", _Id, ForeignKey("announcements.id")),
    Column("partner_id", _Id, ForeignKey("partner_links.id")),
    Column("headline", Text),
    Column("teaser", Text),
    Column("reason", Text, nullable=False),
    _one_of("slot", ItemSlot),
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
    _id(),
    Column("issue_id", _Id, ForeignKey("issues.id"), nullable=False, index=True),
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
    Index("uq_approvals_standing", "issue_id", unique=True, **_where("voided_at IS NULL")),
)

rendered_variants = Table(
    "rendered_variants",
    metadata,
    Column("approval_id", _Id, ForeignKey("approvals.id", ondelete="CASCADE"), primary_key=True),
    Column("topics", SmallInteger, primary_key=True, autoincrement=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)

mailings = Table(
    "mailings",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("issue_id", _Id, ForeignKey("issues.id")),
    Column("approval_id", _Id, ForeignKey("approvals.id"), nullable=False),
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
    _one_of("kind", MailingKind),
    _one_of("status", MailingStatus),
    CheckConstraint("kind <> 'issue' OR issue_id IS NOT NULL", name="issue_named"),
    Index("uq_mailings_issue", "issue_id", unique=True, **_where("kind = 'issue'")),
)

# The figures at which an editor last had a paused mailing go on: what comes on top counts towards the next pause.
seen_figures = Table(
    "seen_figures",
    metadata,
    Column("mailing_id", _Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("bounced", Integer, nullable=False),
    Column("complaints", Integer, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    _id(),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("mailing_id", _Id, ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_position", Integer, nullable=False),
    Column("last_position", Integer, nullable=False),
    # When its next letter is due; NULL when nothing is left to do.
    Column("due_at", Moment),
    # Who has it now, until when, and how often it was claimed: an older fence neither sends nor settles.
    Column("worker_id", _Id, ForeignKey("workers.id")),
    Column("lease_until", Moment),
    Column("fence", Integer, nullable=False, server_default="0"),
    Index("ix_batches_due", "due_at", **_where("due_at IS NOT NULL")),
)

# By far the largest table, written once per letter and step. No foreign keys: on Postgres each would cost a look-up
# a row when an audience is laid out, and one module writes it. A subscriber who is forgotten leaves NULL.
deliveries = Table(
    "deliveries",
    metadata,
    Column("mailing_id", _Id, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("subscriber_id", _Id),
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
    _one_of("status", DeliveryStatus),
    UniqueConstraint("mailing_id", "subscriber_id"),
)

notices = Table(
    "notices",
    metadata,
    _id(),
    Column("kind", String(24), nullable=False),
    Column("subscriber_id", _Id, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False, index=True),
    # What its template needs besides the subscriber.
    Column("details", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("settled_at", Moment),
    Column("reply", Text),
    _one_of("status", DeliveryStatus),
    Index("ix_notices_due", "due_at", **_where("due_at IS NOT NULL")),
)

subscribers = Table(
    "subscribers",
    metadata,
    _id(),
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
    Column("created_at", Moment, nullable=False),
    # The latest sign-up that waits for its confirmation.
    Column("requested_at", Moment),
    Column("unsubscribed_at", Moment),
    # The mailing whose letter carried the link by which the reader left.
    Column("unsubscribed_by_mailing", _Id),
    _one_of("status", SubscriberStatus),
    Index(
        "ix_subscribers_unsubscribed_by_mailing",
        "unsubscribed_by_mailing",
        **_where("unsubscribed_by_mailing IS NOT NULL"),
    ),
    Index("ix_subscribers_requested_at", "requested_at", **_where("requested_at IS NOT NULL")),
)

# What editors call some of the subscribers; a tag stands for itself and is nothing without them.
subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column(
        "subscriber_id", _Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
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

# Append-only. It knows people by hash, so that it outlives the address.
consent_log = Table(
    "consent_log",
    metadata,
    _id(),
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
    _id(),
    Column("network", LargeBinary(16), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Index("ix_sign_up_requests_network_at", "network", "at"),
)

bounces = Table(
    "bounces",
    metadata,
    _id(),
    # SHA-256 of the report: the same one twice counts once.
    Column("report_digest", LargeBinary(32), nullable=False, unique=True),
    Column("received_at", Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", String(32)),
    Column("status_code", String(16)),
    Column("rule", Text, nullable=False),
    Column("words", Text, nullable=False),
    # The delivery that its signed token names; NULL for a report that changes nobody.
    Column("mailing_id", _Id),
    Column("position", Integer),
    Column("address_hash", LargeBinary(32), index=True),
    # Why a report with a token changed nobody: forged, of an unknown delivery, too old.
    Column("ignored_because", Text),
    Column("reversed_at", Moment),
    Column("report", LargeBinary, nullable=False),
    ForeignKeyConstraint(["mailing_id"], ["mailings.id"]),
    Index("ix_bounces_mailing_id", "mailing_id"),
)

suppressions = Table(
    "suppressions",
    metadata,
    _id(),
    Column("address_hash", LargeBinary(32), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_because", Text),
    Index("uq_suppressions_standing", "address_hash", unique=True, **_where("lifted_at IS NULL")),
)

editors = Table(
    "editors",
    metadata,
    _id(),
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
    _id(),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)

# How fast letters may leave, for the relay and for each recipient domain: from when on the next one may.
budgets = Table(
    "budgets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("free_at", Moment, nullable=False),
    # Until when the letters will be under way that had to be left in their batches.
    Column("queued_until", Moment),
)

# What was spent of the relay's hourly and daily quotas, a row for each claim and each notice.
spendings = Table(
    "spendings",
    metadata,
    _id(),
    Column("at", Moment, nullable=False, index=True),
    Column("letters", Integer, nullable=False),
)

# The relay said that our quota is used up. One row at most.
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

# Who may do a periodic task now; the lease lets another process finish what a dead one began.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Moment, nullable=False),
)

# A fingerprint of the key that addresses are hashed under: with another key every suppression would be lost silently.
key_fingerprints = Table(
    "key_fingerprints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
)
