"""Segments: saved conditions, and the question whom they hold for."""

from __future__ import annotations

from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from newsletter.domain.segment import Segment
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import consent_log, segments, subscriber_tags, subscribers


def save_segment(transaction: Transaction, name: str, segment: Segment, *, now: datetime) -> bool:
    """Save conditions under a name; False if they replace others of that name."""
    values = {"conditions": segment.dump(), "saved_at": now}
    if transaction.execute(update(segments).where(segments.c.name == name).values(values)).rowcount:
        return False
    transaction.execute(insert(segments).values(name=name, **values))
    return True


def delete_segment(transaction: Transaction, name: str) -> None:
    """Delete a segment, and nobody in it. Raises NotFoundError."""
    if not transaction.execute(delete(segments).where(segments.c.name == name)).rowcount:
        raise _no_segment(name)


def find_segment(transaction: Transaction, name: str) -> Segment:
    """Return the conditions saved under a name. Raises NotFoundError."""
    conditions = transaction.scalar(select(segments.c.conditions).where(segments.c.name == name))
    if conditions is None:
        raise _no_segment(name)
    return Segment.load(conditions)


def list_segments(transaction: Transaction) -> dict[str, Segment]:
    """Return all by name, in the order of names."""
    rows = transaction.execute(select(segments).order_by(segments.c.name))
    return {row.name: Segment.load(row.conditions) for row in rows}


def is_in(segment: Segment) -> ColumnElement[bool]:
    """Return the condition on ``subscribers`` that a segment stands for."""
    conditions: list[ColumnElement[bool]] = [subscribers.c.id.is_not(None)]
    if segment.topics:
        conditions.append(subscribers.c.topics.bitwise_and(int(segment.topics)) != 0)
    if segment.language:
        language = subscribers.c.language
        conditions.append(
            or_(language == segment.language, language.startswith(f"{segment.language}-", autoescape=True))
        )
    if segment.domain:
        address = subscribers.c.normalized
        conditions.append(
            or_(
                address.endswith(f"@{segment.domain}", autoescape=True),
                address.endswith(f".{segment.domain}", autoescape=True),
            )
        )
    if segment.since:
        conditions.append(subscribers.c.created_at >= datetime.combine(segment.since, time(), UTC))
    if segment.before:
        conditions.append(subscribers.c.created_at < datetime.combine(segment.before, time(), UTC))
    if segment.source:
        given = select(consent_log.c.address_hash).where(
            consent_log.c.source.icontains(segment.source, autoescape=True)
        )
        conditions.append(subscribers.c.address_hash.in_(given))
    if segment.addresses:
        conditions.append(subscribers.c.normalized.in_(segment.addresses))
    for tag in segment.tags:
        tagged = select(subscriber_tags.c.subscriber_id).where(subscriber_tags.c.tag == tag)
        conditions.append(subscribers.c.id.in_(tagged))
    return and_(*conditions)


def _no_segment(name: str) -> NotFoundError:
    return NotFoundError(f"There is no segment {name!r}; 'newsletter segments list' shows those that are saved.")
