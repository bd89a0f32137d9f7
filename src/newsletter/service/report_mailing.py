"""Report: who got an issue."""

from __future__ import annotations

from newsletter.domain.mailing import MailingReport
from newsletter.store import mailings
from newsletter.store.database import Database


def report_issue(number: int, *, database: Database) -> MailingReport:
    """Count the mailing of issue ``number``. Raises NotFoundError if it has none."""
    with database.snapshot() as snapshot:
        return mailings.report(snapshot, mailings.find_issue_mailing(snapshot, number))
