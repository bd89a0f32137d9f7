"""The audience that a mailing would have if it opened now, counted by what is known of its readers."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import func, select

from newsletter.domain.audience import AudienceForecast, FormerMailing
from newsletter.domain.mailing import MailingKind
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.topic import Topic
from newsletter.store.database import Transaction
from newsletter.store.segments import is_in
from newsletter.store.subscribers import domain_of
from newsletter.store.tables import issues, mailings, subscribers, suppressions

_SAMPLE = 2_000  # subscribers, evenly spaced


def forecast_audience(
    transaction: Transaction, *, before: int, day: date, segment: Segment | None = None
) -> AudienceForecast:
    """Count whom issue ``before`` would go to if letters began to leave on ``day``; of a segment, only those in it."""
    topics: Counter[Topic] = Counter()
    languages: Counter[str] = Counter()
    inactive: Counter[SubscriberStatus] = Counter()
    suppressed: Counter[SuppressionReason] = Counter()
    paused = 0
    # In the order of an index that has them all.
    known = (subscribers.c.status, subscribers.c.topics, subscribers.c.language, subscribers.c.paused_until)
    everybody = select(*known, func.count()).group_by(*known)
    # The suppressed are few: they are counted by themselves and taken off.
    left_out = (
        select(suppressions.c.reason, *known, func.count())
        .join_from(suppressions, subscribers, suppressions.c.address_hash == subscribers.c.address_hash)
        .where(suppressions.c.lifted_at.is_(None))
        .group_by(suppressions.c.reason, *known)
    )
    if segment and not segment.is_everybody:
        everybody, left_out = everybody.where(is_in(segment)), left_out.where(is_in(segment))
    for status, wanted, language, until, count in transaction.execute(everybody):
        if status != SubscriberStatus.ACTIVE:
            inactive[SubscriberStatus(status)] += count
        elif until and day < until:
            paused += count
        else:
            topics[Topic(wanted)] += count
            languages[language] += count
    for reason, status, wanted, language, until, count in transaction.execute(left_out):
        if status != SubscriberStatus.ACTIVE:
            continue
        suppressed[SuppressionReason(reason)] += count
        if until and day < until:
            paused -= count
            continue
        topics[Topic(wanted)] -= count
        languages[language] -= count
    return AudienceForecast(
        topics=+topics,
        languages=+languages,
        suppressed=suppressed,
        inactive=inactive,
        paused=paused,
        former=find_former(transaction, before=before),
    )


def find_largest_share(transaction: Transaction, *, segment: Segment | None = None) -> float:
    """Return how much of the audience has its addresses at one domain, where most of it has them: 0 to 1.

    By a sample of active subscribers; of a segment by all of them.
    """
    query = select(func.count()).where(subscribers.c.status == SubscriberStatus.ACTIVE)
    if segment and not segment.is_everybody:
        query = query.where(is_in(segment))
    else:
        last = transaction.scalar(select(func.max(subscribers.c.id))) or 0
        query = query.where(subscribers.c.id.in_(range(1, last + 1, last // _SAMPLE + 1)))
    counts = list(transaction.scalars(query.group_by(domain_of(transaction.dialect))))
    return max(counts, default=0) / max(1, sum(counts))


def find_former(transaction: Transaction, *, before: int) -> FormerMailing | None:
    """Return the last mailing of another issue than ``before``."""
    query = (
        select(issues.c.number, mailings.c.intended, mailings.c.started_at, mailings.c.finished_at)
        .join_from(mailings, issues)
        .where(issues.c.number != before, mailings.c.kind == MailingKind.ISSUE)
        .order_by(mailings.c.id.desc())
        .limit(1)
    )
    row = transaction.execute(query).one_or_none()
    if row is None:
        return None
    return FormerMailing(
        issue_number=row.number, intended=row.intended, started_at=row.started_at, finished_at=row.finished_at
    )
