"""Issues as a list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from newsletter.domain.issue import IssueStatus
from newsletter.domain.mailing import MailingKind, MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.tables import approvals, issue_items, issues, mailings


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRow:
    number: int
    due_at: datetime
    status: IssueStatus
    #: of what was mailed; None for an issue that may still change
    subject: str | None
    items: int
    mailing: MailingStatus | None
    sent_at: datetime | None
    readers: int | None


def list_rows(transaction: Transaction) -> list[IssueRow]:
    """Return all issues, the latest first."""
    counted = select(issue_items.c.issue_id, func.count().label("held")).group_by(issue_items.c.issue_id).subquery()
    query = (
        select(
            issues.c.number,
            issues.c.due_at,
            issues.c.status,
            approvals.c.subject,
            func.coalesce(counted.c.held, 0).label("held"),
            mailings.c.status.label("mailing"),
            func.coalesce(mailings.c.started_at, mailings.c.not_before).label("sent_at"),
            mailings.c.intended,
        )
        .select_from(issues)
        .outerjoin(mailings, (mailings.c.issue_id == issues.c.id) & (mailings.c.kind == MailingKind.ISSUE))
        .outerjoin(approvals, approvals.c.id == mailings.c.approval_id)
        .outerjoin(counted, counted.c.issue_id == issues.c.id)
        .order_by(issues.c.number.desc())
    )
    return [
        IssueRow(
            number=row.number,
            due_at=row.due_at,
            status=IssueStatus(row.status),
            subject=row.subject,
            items=row.held,
            mailing=MailingStatus(row.mailing) if row.mailing else None,
            sent_at=row.sent_at,
            readers=row.intended,
        )
        for row in transaction.execute(query)
    ]
