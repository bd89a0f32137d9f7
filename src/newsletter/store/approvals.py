"""Approvals, with the exact text that they consent to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from newsletter.domain.approval import Approval
from newsletter.domain.issue import RenderedIssue, RenderedVariant, SlottedText
from newsletter.domain.mailing import MailingKind
from newsletter.domain.topic import Topic
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import approvals, issues, mailings, rendered_variants


def add_approval(
    transaction: Transaction,
    rendered: RenderedIssue,
    *,
    issue_id: int,
    issue_digest: str,
    approved_by: str,
    overrides: Mapping[str, str],
    now: datetime,
) -> Approval:
    """Store consent to ``rendered``, with every variant of its text. No other approval of the issue may stand."""
    row = {
        "issue_id": issue_id, "approved_by": approved_by, "approved_at": now, "issue_digest": issue_digest,
        "rendered_digest": rendered.digest, "subject": rendered.subject, "preheader": rendered.preheader,
        "overrides": dict(overrides),
    }  # fmt: skip
    stored = transaction.execute(insert(approvals).values(row).returning(*approvals.c)).one()
    variants = [
        {"approval_id": stored.id, "topics": int(topics), "html": variant.html.dump(), "text": variant.text.dump()}
        for topics, variant in rendered.variants.items()
    ]
    transaction.execute(insert(rendered_variants), variants)
    return _read_approval(stored)


def find_standing(transaction: Transaction, issue_id: int) -> Approval | None:
    """Return the approval that no edit has voided."""
    query = select(approvals).where(approvals.c.issue_id == issue_id, approvals.c.voided_at.is_(None))
    row = transaction.execute(query).one_or_none()
    return None if row is None else _read_approval(row)


def find_latest(transaction: Transaction, issue_id: int) -> Approval | None:
    """Return the last approval that was given, whether it stands or not."""
    query = select(approvals).where(approvals.c.issue_id == issue_id).order_by(approvals.c.id.desc()).limit(1)
    row = transaction.execute(query).one_or_none()
    return None if row is None else _read_approval(row)


def void_standing(transaction: Transaction, issue_id: int, *, now: datetime) -> bool:
    """Take the standing approval back; tell whether there was one. Its text is kept."""
    standing = update(approvals).where(approvals.c.issue_id == issue_id, approvals.c.voided_at.is_(None))
    return transaction.execute(standing.values(voided_at=now)).rowcount > 0


def load_rendered(transaction: Transaction, approval_id: int) -> RenderedIssue:
    """Return the exact text that was approved."""
    query = (
        select(issues.c.number, approvals.c.subject, approvals.c.preheader)
        .join_from(approvals, issues, issues.c.id == approvals.c.issue_id)
        .where(approvals.c.id == approval_id)
    )
    approval = transaction.execute(query).one_or_none()
    if approval is None:
        raise NotFoundError(f"There is no approval {approval_id}.")
    rows = transaction.execute(
        # The full variant has every topic's bit; the order is that of Issue.variants, and the digest covers it.
        select(rendered_variants).filter_by(approval_id=approval_id).order_by(rendered_variants.c.topics.desc())
    )
    variants = {
        Topic(row.topics): RenderedVariant(html=SlottedText.load(row.html), text=SlottedText.load(row.text))
        for row in rows
    }
    return RenderedIssue(
        number=approval.number, subject=approval.subject, preheader=approval.preheader, variants=variants
    )


def list_topics(transaction: Transaction, approval_id: int) -> Topic:
    """Return all topics that an approved text has something for."""
    topics = transaction.scalars(select(rendered_variants.c.topics).filter_by(approval_id=approval_id))
    return Topic(max(topics, default=0))


def find_published(transaction: Transaction, number: int) -> RenderedIssue | None:
    """Return what the mailing of issue ``number`` sends, or None if none was opened."""
    query = (
        select(mailings.c.approval_id)
        .join(issues, issues.c.id == mailings.c.issue_id)
        .where(issues.c.number == number, mailings.c.kind == MailingKind.ISSUE)
    )
    approval_id = transaction.scalar(query)
    return None if approval_id is None else load_rendered(transaction, approval_id)


def _read_approval(row: Row[Any]) -> Approval:
    return Approval(
        id=row.id,
        issue_id=row.issue_id,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        issue_digest=row.issue_digest,
        rendered_digest=row.rendered_digest,
        overrides=row.overrides,
        voided_at=row.voided_at,
    )
