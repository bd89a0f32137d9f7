"""Look ahead: what a mailing waits for, and when its last letter will have left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.budget import Limits, Wait, foresee_end
from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingReport, MailingStatus
from newsletter.service.grant_letters import find_wait
from newsletter.service.release_rest import find_hold
from newsletter.store import batch_figures, budgets
from newsletter.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What lies before a mailing. Both are None where nothing holds it up."""

    wait: Wait | None = None
    #: of the last letter that was not tried yet; known only where limits decide on it
    expected_end_at: datetime | None = None


def look_ahead(report: MailingReport, *, database: Database, limits: Limits, now: datetime) -> Outlook:
    """Foresee the rest of a mailing that is scheduled or runs, by the limits and not by the relay's speed."""
    mailing = report.mailing
    left = report.counts[DeliveryStatus.QUEUED] + report.counts[DeliveryStatus.IN_FLIGHT]
    if mailing.status not in {MailingStatus.SCHEDULED, MailingStatus.RUNNING} or not left:
        return Outlook()
    with database.snapshot() as snapshot:
        wait = find_wait(snapshot, limits, now=now)
        rest = budgets.find_rest(snapshot)
        spent = budgets.list_spendings(snapshot, now=now)
        queued, free_at = _find_longest_queue(snapshot, mailing, limits, now=now)
    if mailing.status is MailingStatus.SCHEDULED:
        wait = Wait(until=mailing.not_before, why="Its time has not come yet")
    wait = wait or find_hold(mailing)
    if limits.are_none:
        return Outlook(wait=wait)
    start = max(now, mailing.not_before, rest.until if rest else now)
    if mailing.first_share:
        start = max(start, mailing.rest_at or start + mailing.hold)
    end = foresee_end(left, limits, spent, start=start)
    of_domain = foresee_end(0, limits, [], start=max(start, free_at), to_one_domain=queued)
    return Outlook(wait=wait, expected_end_at=max(end, of_domain))


def _find_longest_queue(
    transaction: Transaction, mailing: Mailing, limits: Limits, *, now: datetime
) -> tuple[int, datetime]:
    """Return how many letters wait for the domain that most wait for, and from when on it takes more than is planned.

    What is planned already is among them where it has not left, so this is some seconds too many.
    """
    if not limits.per_domain_per_second:
        return 0, now
    queue = batch_figures.find_longest_queue(transaction, mailing.id, intended=mailing.intended)
    if queue is None:
        return 0, now
    domain, letters = queue
    return letters, budgets.load_budgets(transaction, [domain]).get(domain, budgets.Budget(now)).free_at
