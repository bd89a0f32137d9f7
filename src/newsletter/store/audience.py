"""The audience that a mailing would have if it opened now, counted by what is known of its readers."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from newsletter.domain.audience import AudienceForecast, FormerMailing
from newsletter.domain.mailing import MailingKind
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.topic import Topic
from newsletter.store.database import Transaction
from newsletter.store.segments import is_in
from newsletter.store.tables import issues, mailings, subscribers, suppressions


def forecast_audience(transaction: Transaction, *, before: int, segment: Segment | None = None) -> AudienceForecast:
    """Count whom issue ``before`` would go to; with a segment, only those in it."""
    topics: Counter[Topic] = Counter()
    languages: Counter[str] = Counter()
    inactive: Counter[SubscriberStatus] = Counter()
    suppressed: Counter[SuppressionReason] = Counter()
    known = (subscribers.c.status, subscribers.c.topics, subscribers.c.language)
    everybody = select(*known, func.count()).group_by(*known)
    # The suppressed are few: they are counted by themselves and taken off.
    left_out = (
        select(suppressions.c.reason, subscribers.c.topics, subscribers.c.language, func.count())
        .join_from(suppressions, subscribers, suppressions.c.address_hash == subscribers.c.address_hash)
        .where(suppressions.c.lifted_at.is_(None), subscribers.c.status == SubscriberStatus.ACTIVE)
        .group_by(suppressions.c.reason, subscribers.c.topics, subscribers.c.language)
    )
    if segment and not segment.is_everybody:
        everybody, left_out = everybody.where(is_in(segment)), left_out.where(is_in(segment))
    for status, wanted, language, count in transaction.execute(everybody):
        if status == SubscriberStatus.ACTIVE:
            topics[Topic(wanted)] += count
            languages[language] += count
        else:
            inactive[SubscriberStatus(status)] += count
    for reason, wanted, language, count in transaction.execute(left_out):
        suppressed[SuppressionReason(reason)] += count
        topics[Topic(wanted)] -= count
        languages[language] -= count
    return AudienceForecast(
        topics=+topics,
        languages=+languages,
        suppressed=suppressed,
        inactive=inactive,
        former=find_former(transaction, before=before),
    )


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
