"""All issues for a list, without their items: two hundred of them cost two queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.issue import IssueStatus, Masthead
from newsletter.domain.mailing import MailingStatus
from newsletter.service.compose_issue import compose_issue
from newsletter.store import issue_list, issues
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIssue:
    number: int
    due_at: datetime
    status: IssueStatus
    subject: str
    items: int
    #: of the mailing; None before there is one
    mailing: MailingStatus | None
    #: when its first letter left, or is to leave
    sent_at: datetime | None
    readers: int | None

    @property
    def is_open(self) -> bool:
        return self.status is not IssueStatus.MAILED


def list_issues(*, database: Database, masthead: Masthead) -> tuple[ListedIssue, ...]:
    """Return all issues, the latest first."""
    with database.snapshot() as snapshot:
        return tuple(
            ListedIssue(
                number=row.number,
                due_at=row.due_at,
                status=row.status,
                subject=row.subject
                or compose_issue(
                    issues.find_issue(snapshot, row.number), transaction=snapshot, masthead=masthead
                ).subject,
                items=row.items,
                mailing=row.mailing,
                sent_at=row.sent_at,
                readers=row.readers,
            )
            for row in issue_list.list_rows(snapshot)
        )
