"""What came back of a mailing: reports with the words that decided, who left, and which partner links it carried."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import and_, func, select

from newsletter.domain.aftermath import BounceGroup, EventKind, ShownPartner
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.issue import IssueStatus
from newsletter.store import unsubscribes
from newsletter.store.database import Transaction
from newsletter.store.mailings import count_bounces
from newsletter.store.tables import bounces, issue_items, issues, partner_links

_MOST_WORDS = 3
_COUNTS = and_(bounces.c.ignored_because.is_(None), bounces.c.reversed_at.is_(None))
_FAILURES = (BounceKind.HARD, BounceKind.SOFT)


def list_bounce_groups(transaction: Transaction, mailing_id: int) -> list[BounceGroup]:
    """Return the letters of a mailing that came back, by kind and reason, most first; they add up to its report."""
    words: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    said = (
        select(bounces.c.kind, bounces.c.reason, bounces.c.words, func.count(bounces.c.position.distinct()))
        .where(bounces.c.mailing_id == mailing_id, _COUNTS, bounces.c.words != "")
        .group_by(bounces.c.kind, bounces.c.reason, bounces.c.words)
        .order_by(func.count().desc(), bounces.c.words)
    )
    for kind, reason, text, count in transaction.execute(said):
        words[kind, reason or BounceReason.UNSPECIFIED].append((text, count))
    groups = [
        BounceGroup(
            kind=kind,
            reason=BounceReason(reason),
            letters=letters,
            words=tuple(words[kind.value, reason][:_MOST_WORDS]),
        )
        for kind, reasons in count_bounces(transaction, mailing_id).items()
        if kind in _FAILURES
        for reason, letters in reasons.items()
    ]
    return sorted(groups, key=lambda group: (-group.letters, group.kind, group.reason))


def list_events(transaction: Transaction, mailing_id: int) -> list[tuple[datetime, EventKind]]:
    """Return when letters of a mailing came back or were called spam, and when readers left by its link."""
    reports = select(func.min(bounces.c.received_at), bounces.c.kind).where(
        bounces.c.mailing_id == mailing_id, _COUNTS, bounces.c.kind.in_([*_FAILURES, BounceKind.COMPLAINT])
    )
    kinds = {BounceKind.COMPLAINT.value: EventKind.COMPLAINT}
    events = [
        (at, kinds.get(kind, EventKind.BOUNCE))
        for at, kind in transaction.execute(reports.group_by(bounces.c.position, bounces.c.kind))
    ]
    return events + [(at, EventKind.UNSUBSCRIBE) for at in unsubscribes.list_moments(transaction, mailing_id)]


def list_shown_partners(transaction: Transaction, number: int) -> list[ShownPartner]:
    """Return the partner links of an issue in its order, and how many mailed issues up to it had each."""
    carried = issue_items.alias()
    earlier = issues.alias()
    times = (
        select(func.count())
        .join_from(carried, earlier, earlier.c.id == carried.c.issue_id)
        .where(carried.c.partner_id == partner_links.c.id, earlier.c.number <= number)
        .where(earlier.c.status == IssueStatus.MAILED)
        .scalar_subquery()
    )
    query = (
        select(partner_links.c.id, partner_links.c.name, partner_links.c.url, times.label("times"))
        .join_from(issue_items, issues, issues.c.id == issue_items.c.issue_id)
        .join(partner_links, partner_links.c.id == issue_items.c.partner_id)
        .where(issues.c.number == number)
        .order_by(issue_items.c.position)
    )
    return [
        ShownPartner(id=row.id, name=row.name, url=row.url or "", issues=row.times)
        for row in transaction.execute(query)
    ]
