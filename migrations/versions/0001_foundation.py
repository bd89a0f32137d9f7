"""The first schema: articles to audit log.

Frozen: it says what version 0001 was, whatever the tables become later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# 64 bits on Postgres; on SQLite the rowid, which only INTEGER names.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("show_from", MOMENT, nullable=True),
        sa.Column("show_until", MOMENT, nullable=True),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.Column("retracted_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind <> 'event' OR starts_at IS NOT NULL", name=op.f("ck_announcements_event_starts")),
        sa.CheckConstraint("kind = 'event' OR kind = 'news'", name=op.f("ck_announcements_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_table(
        "articles",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("needs_headline", sa.Boolean(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("standfirst", sa.Text(), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=True),
        sa.Column("image", sa.JSON(), nullable=True),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("biography", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("dated_by_import", sa.Boolean(), nullable=False),
        sa.Column("edited", sa.JSON(), nullable=False),
        sa.Column("sourced", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.JSON(), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.Column("retracted_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("url", name=op.f("uq_articles_url")),
    )
    op.create_index(op.f("ix_articles_published_at"), "articles", ["published_at"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"], unique=False)
    op.create_table(
        "consent_log",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_log")),
    )
    op.create_index(op.f("ix_consent_log_address_hash"), "consent_log", ["address_hash"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("mailing_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("status", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("first_try_at", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("reply_code", sa.SmallInteger(), nullable=True),
        sa.Column("reply_text", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("resent", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.CheckConstraint(
            "status = 'queued' OR status = 'in_flight' OR status = 'accepted' OR status = 'deferred' OR status = 'rejected' OR status = 'withheld' OR status = 'doubtful'",
            name=op.f("ck_deliveries_status"),
        ),
        sa.PrimaryKeyConstraint("mailing_id", "position", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("mailing_id", "subscriber_id", name=op.f("uq_deliveries_mailing_id_subscriber_id")),
    )
    op.create_table(
        "editors",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("role IN ('writer', 'editor', 'publisher', 'owner')", name=op.f("ck_editors_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editors")),
        sa.UniqueConstraint("email", name=op.f("uq_editors_email")),
    )
    op.create_table(
        "key_fingerprints",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_fingerprints")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "partner_links",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("logo", sa.Text(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("window_from", MOMENT, nullable=True),
        sa.Column("window_until", MOMENT, nullable=True),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.CheckConstraint("weight >= 1", name=op.f("ck_partner_links_weight")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_links")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_links_name")),
    )
    op.create_table(
        "site_texts",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_site_texts")),
    )
    op.create_table(
        "slots",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("moved_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("moved_to IS NOT NULL OR status <> 'moved'", name=op.f("ck_slots_moved_somewhere")),
        sa.CheckConstraint("moved_to IS NULL OR status IN ('moved', 'extra')", name=op.f("ck_slots_moved_to")),
        sa.CheckConstraint("status IN ('planned', 'skipped', 'moved', 'extra')", name=op.f("ck_slots_status")),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_slots")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("normalized", sa.Text(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("topics", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("unsubscribed_at", MOMENT, nullable=True),
        sa.Column("unsubscribed_by_mailing", ID, nullable=True),
        sa.CheckConstraint(
            "status = 'pending' OR status = 'active' OR status = 'unsubscribed'", name=op.f("ck_subscribers_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_hash", name=op.f("uq_subscribers_address_hash")),
        sa.UniqueConstraint("normalized", name=op.f("uq_subscribers_normalized")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscribers_public_id")),
    )
    op.create_index(
        "ix_subscribers_unsubscribed_by_mailing",
        "subscribers",
        ["unsubscribed_by_mailing"],
        unique=False,
        sqlite_where=sa.text("unsubscribed_by_mailing IS NOT NULL"),
        postgresql_where=sa.text("unsubscribed_by_mailing IS NOT NULL"),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(
        "uq_suppressions_standing",
        "suppressions",
        ["address_hash"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "workers",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "issues",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slot_date", sa.Date(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("preheader", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("drafted_at", MOMENT, nullable=False),
        sa.Column("arranged_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status = 'draft' OR status = 'approved' OR status = 'mailed'", name=op.f("ck_issues_status")
        ),
        sa.ForeignKeyConstraint(["slot_date"], ["slots.date"], name=op.f("fk_issues_slot_date")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("number", name=op.f("uq_issues_number")),
        sa.UniqueConstraint("slot_date", name=op.f("uq_issues_slot_date")),
    )
    op.create_table(
        "notices",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status = 'queued' OR status = 'in_flight' OR status = 'accepted' OR status = 'deferred' OR status = 'rejected' OR status = 'withheld' OR status = 'doubtful'",
            name=op.f("ck_notices_status"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_notices_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_due",
        "notices",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_notices_subscriber_id"), "notices", ["subscriber_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("issue_id", ID, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", MOMENT, nullable=False),
        sa.Column("issue_digest", sa.String(length=64), nullable=False),
        sa.Column("rendered_digest", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("voided_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_approvals_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_issue_id"), "approvals", ["issue_id"], unique=False)
    op.create_index(
        "uq_approvals_standing",
        "approvals",
        ["issue_id"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "issue_items",
        sa.Column("issue_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=False),
        sa.Column("article_id", ID, nullable=True),
        sa.Column("announcement_id", ID, nullable=True),
        sa.Column("partner_id", ID, nullable=True),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("teaser", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "slot = 'lead' OR slot = 'feature' OR slot = 'announcement' OR slot = 'earlier' OR slot = 'partner'",
            name=op.f("ck_issue_items_slot"),
        ),
        sa.CheckConstraint(
            "CASE WHEN article_id IS NULL THEN 0 ELSE 1 END + CASE WHEN announcement_id IS NULL THEN 0 ELSE 1 END + CASE WHEN partner_id IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_issue_items_one_subject"),
        ),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"], name=op.f("fk_issue_items_announcement_id")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_issue_items_article_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_items_issue_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["partner_id"], ["partner_links.id"], name=op.f("fk_issue_items_partner_id")),
        sa.PrimaryKeyConstraint("issue_id", "position", name=op.f("pk_issue_items")),
        sa.UniqueConstraint("issue_id", "announcement_id", name=op.f("uq_issue_items_issue_id_announcement_id")),
        sa.UniqueConstraint("issue_id", "article_id", name=op.f("uq_issue_items_issue_id_article_id")),
        sa.UniqueConstraint("issue_id", "partner_id", name=op.f("uq_issue_items_issue_id_partner_id")),
    )
    op.create_table(
        "mailings",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("issue_id", ID, nullable=True),
        sa.Column("approval_id", ID, nullable=False),
        sa.Column("intended", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind <> 'issue' OR issue_id IS NOT NULL", name=op.f("ck_mailings_issue_named")),
        sa.CheckConstraint("kind = 'issue' OR kind = 'special' OR kind = 'correction'", name=op.f("ck_mailings_kind")),
        sa.CheckConstraint(
            "status = 'scheduled' OR status = 'running' OR status = 'paused' OR status = 'cancelled' OR status = 'finished'",
            name=op.f("ck_mailings_status"),
        ),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_mailings_approval_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_mailings_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailings")),
    )
    op.create_index(
        "uq_mailings_issue",
        "mailings",
        ["issue_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'issue'"),
        postgresql_where=sa.text("kind = 'issue'"),
    )
    op.create_table(
        "rendered_variants",
        sa.Column("approval_id", ID, nullable=False),
        sa.Column("topics", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_rendered_variants_approval_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("approval_id", "topics", name=op.f("pk_rendered_variants")),
    )
    op.create_table(
        "batches",
        sa.Column("mailing_id", ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_position", sa.Integer(), nullable=False),
        sa.Column("last_position", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("worker_id", ID, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_batches_mailing_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_batches_worker_id")),
        sa.PrimaryKeyConstraint("mailing_id", "number", name=op.f("pk_batches")),
    )
    op.create_index(
        "ix_batches_due",
        "batches",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "bounces",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("report_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("status_code", sa.String(length=16), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("mailing_id", ID, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("ignored_because", sa.Text(), nullable=True),
        sa.Column("reversed_at", MOMENT, nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_bounces_mailing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("report_digest", name=op.f("uq_bounces_report_digest")),
    )
    op.create_index(op.f("ix_bounces_address_hash"), "bounces", ["address_hash"], unique=False)
    op.create_index("ix_bounces_mailing_id", "bounces", ["mailing_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_bounces_mailing_id", table_name="bounces")
    op.drop_index(op.f("ix_bounces_address_hash"), table_name="bounces")
    op.drop_table("bounces")
    op.drop_index(
        "ix_batches_due",
        table_name="batches",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("batches")
    op.drop_table("rendered_variants")
    op.drop_index(
        "uq_mailings_issue",
        table_name="mailings",
        sqlite_where=sa.text("kind = 'issue'"),
        postgresql_where=sa.text("kind = 'issue'"),
    )
    op.drop_table("mailings")
    op.drop_table("issue_items")
    op.drop_index(
        "uq_approvals_standing",
        table_name="approvals",
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.drop_index(op.f("ix_approvals_issue_id"), table_name="approvals")
    op.drop_table("approvals")
    op.drop_index(op.f("ix_notices_subscriber_id"), table_name="notices")
    op.drop_index(
        "ix_notices_due",
        table_name="notices",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("notices")
    op.drop_table("issues")
    op.drop_table("workers")
    op.drop_index(
        "uq_suppressions_standing",
        table_name="suppressions",
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.drop_table("suppressions")
    op.drop_index(
        "ix_subscribers_unsubscribed_by_mailing",
        table_name="subscribers",
        sqlite_where=sa.text("unsubscribed_by_mailing IS NOT NULL"),
        postgresql_where=sa.text("unsubscribed_by_mailing IS NOT NULL"),
    )
    op.drop_table("subscribers")
    op.drop_table("slots")
    op.drop_table("site_texts")
    op.drop_table("partner_links")
    op.drop_table("leases")
    op.drop_table("key_fingerprints")
    op.drop_table("editors")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_consent_log_address_hash"), table_name="consent_log")
    op.drop_table("consent_log")
    op.drop_index(op.f("ix_audit_log_at"), table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index(op.f("ix_articles_published_at"), table_name="articles")
    op.drop_table("articles")
    op.drop_table("announcements")
