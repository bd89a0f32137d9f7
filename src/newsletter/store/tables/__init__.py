"""The tables, for SQLite and Postgres alike. Private to the store.

Rules that must hold whatever the code does are constraints here: one issue per slot, one number per issue, one mailing
of kind issue per issue, one delivery per mailing and subscriber, one subscriber per normalised address.
"""

from newsletter.store.tables.composing import clashes, issue_revisions, issue_visits
from newsletter.store.tables.content import (
    announcements,
    articles,
    handed_in,
    partner_links,
    picture_sources,
    pictures,
    site_texts,
    withdrawn_bylines,
)
from newsletter.store.tables.editors import audit_log, editors, recovery_codes, sign_in_tries, sign_ins
from newsletter.store.tables.issues import approvals, issue_items, issues, rendered_variants, slots
from newsletter.store.tables.list_imports import list_import_parts, list_import_refusals, list_imports
from newsletter.store.tables.mailings import (
    batch_counts,
    batches,
    budgets,
    deliveries,
    delivery_counts,
    failure_counts,
    mailing_totals,
    mailings,
    relay_rests,
    seen_figures,
    spendings,
    stretches,
    workers,
)
from newsletter.store.tables.reports import bounces, suppressions
from newsletter.store.tables.schema import Moment, metadata
from newsletter.store.tables.subscribers import (
    address_changes,
    consent_log,
    leaving_reasons,
    notices,
    segments,
    sign_up_requests,
    sign_ups,
    subscriber_tags,
    subscribers,
    unsubscribes,
)
from newsletter.store.tables.upkeep import job_schemas, key_fingerprints, leases

__all__ = [
    "Moment",
    "address_changes",
    "announcements",
    "approvals",
    "articles",
    "audit_log",
    "batch_counts",
    "batches",
    "bounces",
    "budgets",
    "clashes",
    "consent_log",
    "deliveries",
    "delivery_counts",
    "editors",
    "failure_counts",
    "handed_in",
    "issue_items",
    "issue_revisions",
    "issue_visits",
    "issues",
    "job_schemas",
    "key_fingerprints",
    "leases",
    "leaving_reasons",
    "list_import_parts",
    "list_import_refusals",
    "list_imports",
    "mailing_totals",
    "mailings",
    "metadata",
    "notices",
    "partner_links",
    "picture_sources",
    "pictures",
    "recovery_codes",
    "relay_rests",
    "rendered_variants",
    "seen_figures",
    "segments",
    "sign_in_tries",
    "sign_ins",
    "sign_up_requests",
    "sign_ups",
    "site_texts",
    "slots",
    "spendings",
    "stretches",
    "subscriber_tags",
    "subscribers",
    "suppressions",
    "unsubscribes",
    "withdrawn_bylines",
    "workers",
]
