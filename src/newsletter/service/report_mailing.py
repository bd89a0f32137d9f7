"""Report: who got an issue."""

from __future__ import annotations

from newsletter.domain.mailing import MailingReport
from newsletter.domain.sender_health import DomainFigures
from newsletter.store import mailings, sender_health
from newsletter.store.database import Database


def report_issue(number: int, *, database: Database) -> MailingReport:
    """Count the mailing of issue ``number``. Raises NotFoundError if it has none."""
    with database.snapshot() as snapshot:
        return mailings.report(snapshot, mailings.find_issue_mailing(snapshot, number))


def report_issue_by_domain(number: int, *, database: Database) -> tuple[MailingReport, list[DomainFigures]]:
    """Return the same report, and the domains that its figures are made of, worst first: their rows add up to it."""
    with database.snapshot() as snapshot:
        report = mailings.report(snapshot, mailings.find_issue_mailing(snapshot, number))
        return report, sender_health.count_by_domain(snapshot, report.mailing.id)
