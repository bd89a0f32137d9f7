"""What became of a mailing's letters, counted from the ledger and the reports themselves.

Nothing is counted twice over or on the side: a report that is taken back, or read differently by a replay, counts so
from that moment on, and a process that dies forgets nothing (ADR 12).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Subquery, and_, delete, func, insert, or_, select

from newsletter.domain.bounce import REASONS_AGAINST_US, BounceKind, BounceReason
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.sender_health import DomainFigures, SenderFigures
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import count_statuses, list_failure_counts, list_letter_counts
from newsletter.store.tables import bounces, deliveries, seen_figures, subscribers

_MOST_DOMAINS = 100

_COUNTS = and_(bounces.c.ignored_because.is_(None), bounces.c.reversed_at.is_(None))
_IS_FAILURE = or_(
    bounces.c.kind == BounceKind.HARD,
    and_(bounces.c.kind == BounceKind.SOFT, bounces.c.reason.in_(REASONS_AGAINST_US)),
)


def count_figures(transaction: Transaction, mailing_id: int) -> SenderFigures:
    """Count what became of a mailing's letters until now."""
    settled = (
        select(deliveries.c.status, func.count())
        .where(deliveries.c.mailing_id == mailing_id)
        .where(deliveries.c.status.in_([DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED]))
        .group_by(deliveries.c.status)
    )
    counts = count_statuses(transaction, mailing_id)
    counts.update({DeliveryStatus(status): count for status, count in transaction.execute(settled)})
    return SenderFigures(
        accepted=counts.get(DeliveryStatus.ACCEPTED, 0),
        rejected=counts.get(DeliveryStatus.REJECTED, 0),
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


def count_by_domain(transaction: Transaction, mailing_id: int) -> list[DomainFigures]:
    """Count a mailing's letters by the domain they went to: those with most failures first, then the largest.

    At most a hundred domains stand by themselves; the others share the last row. Read in one snapshot with the
    mailing's report, the rows add up to it.
    """
    return add_came_back(transaction, mailing_id, count_letters_by_domain(transaction, mailing_id))


def count_letters_by_domain(transaction: Transaction, mailing_id: int) -> dict[str, DomainFigures]:
    """Count the same by domain, all of them, without what came back; "" stands for erased readers."""
    found: dict[str, DomainFigures] = {}
    domain = domain_of(transaction).label("domain")
    letters = (
        select(domain, deliveries.c.status, deliveries.c.reason, func.count())
        .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(deliveries.c.mailing_id == mailing_id)
        .group_by(domain, deliveries.c.status, deliveries.c.reason)
    )
    for name, status, reason, count in transaction.execute(letters):
        figures = found.setdefault(name or "", DomainFigures(domain=name))
        figures.counts[DeliveryStatus(status)] += count
        if status == DeliveryStatus.REJECTED:
            figures.reasons[reason] += count
    for letter in list_letter_counts(transaction, mailing_id):  # whose time is over
        figures = found.setdefault(letter.domain, DomainFigures(domain=letter.domain or None))
        figures.counts[letter.status] += letter.letters
        if letter.status is DeliveryStatus.REJECTED:
            figures.reasons[letter.reason or ""] += letter.letters
    return found


def add_came_back(
    transaction: Transaction, mailing_id: int, letters: Mapping[str, DomainFigures]
) -> list[DomainFigures]:
    """Add what came back to the letters of each domain, which stay as they are; in the order of ``count_by_domain``."""
    found = {name: figures.copy() for name, figures in letters.items()}
    domain = domain_of(transaction).label("domain")
    came_back = select_came_back(mailing_id)
    is_about = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.position == came_back.c.position)
    failures = (
        select(domain, came_back.c.kind, came_back.c.reason, func.count())
        .join_from(came_back, deliveries, is_about)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .group_by(domain, came_back.c.kind, came_back.c.reason)
    )
    for name, kind, reason, count in transaction.execute(failures):
        figures = found.setdefault(name or "", DomainFigures(domain=name))
        figures.came_back[BounceKind(kind)] += count
        if kind in {BounceKind.HARD, BounceKind.SOFT}:
            figures.reasons[reason or BounceReason.UNSPECIFIED] += count
    for failure in list_failure_counts(transaction, mailing_id):  # of letters whose time is over
        figures = found.setdefault(failure.domain, DomainFigures(domain=failure.domain or None))
        figures.came_back[failure.kind] += failure.letters
        if failure.kind in {BounceKind.HARD, BounceKind.SOFT}:
            figures.reasons[failure.reason or BounceReason.UNSPECIFIED] += failure.letters
    return _shorten(found)


def _shorten(found: dict[str, DomainFigures]) -> list[DomainFigures]:
    others = DomainFigures(domain=None)
    if erased := found.pop("", None):
        others.include(erased)
    ordered = sorted(found.values(), key=lambda each: (-each.failed, -each.intended, each.domain or ""))
    for each in ordered[_MOST_DOMAINS:]:
        others.include(each)
    return [*ordered[:_MOST_DOMAINS], *([others] if others.intended else [])]


def _count_letters(transaction: Transaction, mailing_id: int, kind: ColumnElement[bool]) -> int:
    """Count the letters that reports of a kind are about, not the reports: several may be about one."""
    query = select(func.count(bounces.c.position.distinct())).where(bounces.c.mailing_id == mailing_id, _COUNTS, kind)
    return transaction.execute(query).scalar_one()


def _find_seen(transaction: Transaction, mailing_id: int) -> SenderFigures | None:
    row = transaction.execute(select(seen_figures).where(seen_figures.c.mailing_id == mailing_id)).one_or_none()
    if row is None:
        return None
    return SenderFigures(accepted=row.accepted, rejected=row.rejected, bounced=row.bounced, complaints=row.complaints)


def domain_of(transaction: Transaction) -> ColumnElement[str]:
    """Return the domain of a subscriber's address, as a column."""
    find = func.instr if transaction.dialect.name == "sqlite" else func.strpos
    return func.substr(subscribers.c.address, find(subscribers.c.address, "@") + 1)
