"""How a mailing fares: what was refused, and what came back by the reports themselves.

A report that is taken back, or read differently by a replay, counts so from that moment on, and a process that dies
forgets nothing (ADR 12).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest

from sqlalchemy import ColumnElement, Subquery, and_, delete, func, insert, or_, select

from newsletter.domain.bounce import REASONS_AGAINST_US, BounceKind, BounceReason
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.sender_health import DomainFigures, SenderFigures
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import (
    DomainCount,
    FailureCount,
    count_statuses,
    list_by_domain,
    list_failure_counts,
)
from newsletter.store.subscribers import domain_of
from newsletter.store.tables import bounces, deliveries, seen_figures, subscribers

_MOST_DOMAINS = 100
_STATUSES = {status.value: status for status in DeliveryStatus}
_RETURNED = {BounceKind.HARD, BounceKind.SOFT}

_COUNTS = and_(bounces.c.ignored_because.is_(None), bounces.c.reversed_at.is_(None))
_IS_FAILURE = or_(
    bounces.c.kind == BounceKind.HARD,
    and_(bounces.c.kind == BounceKind.SOFT, bounces.c.reason.in_(REASONS_AGAINST_US)),
)


def count_figures(transaction: Transaction, mailing_id: int) -> SenderFigures:
    """Count what became of a mailing's letters until now."""
    counts = count_statuses(transaction, mailing_id)
    return SenderFigures(
        accepted=counts[DeliveryStatus.ACCEPTED],
        rejected=counts[DeliveryStatus.REJECTED],
        bounced=_count_letters(transaction, mailing_id, _IS_FAILURE),
        complaints=_count_letters(transaction, mailing_id, bounces.c.kind == BounceKind.COMPLAINT),
    )


def count_unseen(transaction: Transaction, mailing_id: int) -> SenderFigures:
    """Count the same since an editor last resumed the mailing, if one did."""
    figures, seen = count_figures(transaction, mailing_id), _find_seen(transaction, mailing_id)
    return figures.since(seen) if seen else figures


def mark_seen(transaction: Transaction, mailing_id: int) -> None:
    """Record that an editor has decided to go on at today's figures: what comes on top is counted from here."""
    figures = count_figures(transaction, mailing_id)
    transaction.execute(delete(seen_figures).where(seen_figures.c.mailing_id == mailing_id))
    transaction.execute(
        insert(seen_figures).values(
            mailing_id=mailing_id,
            accepted=figures.accepted,
            rejected=figures.rejected,
            bounced=figures.bounced,
            complaints=figures.complaints,
        )
    )


def select_came_back(mailing_id: int) -> Subquery:
    """Select the letters of a mailing that reports are about, by kind and reason; one that two reports name is one."""
    return (
        select(bounces.c.position, bounces.c.kind, func.min(bounces.c.reason).label("reason"))
        .where(bounces.c.mailing_id == mailing_id, _COUNTS)
        .group_by(bounces.c.position, bounces.c.kind)
        .subquery()
    )


def count_by_domain(
    transaction: Transaction, mailing_id: int, letters: Sequence[DomainCount] | None = None
) -> list[DomainFigures]:
    """Count a mailing's letters by the domain they went to: those with most failures first, then the largest.

    At most a hundred domains stand by themselves; the others share the last row, and so do letters of which no domain
    is known: of readers who were forgotten, and of batches that no worker has had yet. Read in one snapshot with the
    mailing's report, the rows add up to it. ``letters`` are those of the mailing, where they were read already.
    """
    letters = list_by_domain(transaction, mailing_id) if letters is None else letters
    failures = _list_failures(transaction, mailing_id)
    named = _find_shown(letters, failures)
    found = {name: DomainFigures(domain=name) for name in named}
    others = DomainFigures(domain=None)
    for domain, status, reason, _, count in letters:
        figures = found.get(domain, others)
        figures.counts[_STATUSES[status]] += count
        if status == DeliveryStatus.REJECTED:
            figures.reasons[reason] += count
    for failure in failures:
        figures = found.get(failure.domain, others)
        figures.came_back[failure.kind] += failure.letters
        if failure.kind in _RETURNED:
            figures.reasons[failure.reason or BounceReason.UNSPECIFIED] += failure.letters
    return [*found.values(), *([others] if others.intended or others.failed else [])]


def _list_failures(transaction: Transaction, mailing_id: int) -> list[FailureCount]:
    """List the letters of a mailing that came back, by domain, kind and reason."""
    domain = func.coalesce(domain_of(transaction.dialect), "").label("domain")
    came_back = select_came_back(mailing_id)
    is_about = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.position == came_back.c.position)
    failures = (
        select(domain, came_back.c.kind, came_back.c.reason, func.count())
        .join_from(came_back, deliveries, is_about)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .group_by(domain, came_back.c.kind, came_back.c.reason)
    )
    of_stored = [
        FailureCount(domain=name, kind=BounceKind(kind), reason=reason, letters=count)
        for name, kind, reason, count in transaction.execute(failures)
    ]
    return of_stored + list_failure_counts(transaction, mailing_id)


def _find_shown(letters: Iterable[DomainCount], failures: Iterable[FailureCount]) -> list[str]:
    """Return the domains that stand by themselves, in their order; of thousands, so figures are made of these alone."""
    intended: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for domain, status, _, _, count in letters:
        intended[domain] += count
        if status == DeliveryStatus.REJECTED:
            failed[domain] += count
    for failure in failures:
        if failure.kind in _RETURNED:
            failed[failure.domain] += failure.letters
    domains = (name for name in {**intended, **failed} if name)
    return nsmallest(_MOST_DOMAINS, domains, key=lambda name: (-failed[name], -intended[name], name))


def _count_letters(transaction: Transaction, mailing_id: int, kind: ColumnElement[bool]) -> int:
    """Count the letters that reports of a kind are about, not the reports: several may be about one."""
    query = select(func.count(bounces.c.position.distinct())).where(bounces.c.mailing_id == mailing_id, _COUNTS, kind)
    return transaction.execute(query).scalar_one()


def _find_seen(transaction: Transaction, mailing_id: int) -> SenderFigures | None:
    row = transaction.execute(select(seen_figures).where(seen_figures.c.mailing_id == mailing_id)).one_or_none()
    if row is None:
        return None
    return SenderFigures(accepted=row.accepted, rejected=row.rejected, bounced=row.bounced, complaints=row.complaints)
