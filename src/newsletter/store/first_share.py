"""A staged mailing: its first share leaves, and the rest is held for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, select, update

from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import DeliveryStatus, FirstShare, Mailing
from newsletter.store import jobs
from newsletter.store.database import Transaction
from newsletter.store.tables import bounces, deliveries, mailings


def note_first_share(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Let the time of the rest begin to run, if the first share of a staged mailing has just left."""
    held = mailings.c.id == mailing_id, mailings.c.first_share.is_not(None), mailings.c.rest_at.is_(None)
    row = transaction.execute(select(mailings.c.first_share, mailings.c.hold_minutes).where(*held)).one_or_none()
    if row is None:
        return
    unsent = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT])
    first = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.position <= row.first_share)
    if not transaction.scalar(select(exists().where(first, unsent))):
        rest_at = now + timedelta(minutes=row.hold_minutes)
        transaction.execute(update(mailings).where(*held).values(rest_at=rest_at))


def release_rest(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Hold nobody any longer."""
    transaction.execute(update(mailings).filter_by(id=mailing_id).values(first_share=None))
    jobs.submit(transaction, mailing=mailing_id, now=now)


def count_first_share(transaction: Transaction, mailing: Mailing) -> FirstShare:
    """Count what became of the first share of a staged mailing."""
    first = deliveries.c.mailing_id == mailing.id, deliveries.c.position <= mailing.first_share
    settled = deliveries.c.status.in_([DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED, DeliveryStatus.DOUBTFUL])
    rejected = func.count().filter(deliveries.c.status == DeliveryStatus.REJECTED)
    tried, refused = transaction.execute(select(func.count(), rejected).where(*first, settled)).one()
    came_back = (
        select(func.count(bounces.c.position.distinct()))
        .where(bounces.c.mailing_id == mailing.id, bounces.c.position <= mailing.first_share)
        .where(bounces.c.kind == BounceKind.HARD, bounces.c.ignored_because.is_(None), bounces.c.reversed_at.is_(None))
    )
    return FirstShare(tried=tried, rejected=refused, bounced=transaction.scalar(came_back) or 0)
